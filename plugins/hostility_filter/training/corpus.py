"""Read the public data sets and our own sentences into one table of texts and what each says about every head."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from supportd_hostility.harms import HARMS, HEADS, QUEUES

UNKNOWN = 255
SENTENCES = Path(__file__).resolve().parents[1] / "sentences"
# Share-alike data; whether a model is a derivative of it is unsettled, so nothing is trained on it.
SHARE_ALIKE = ("stormfront", "told_br_pt")
ENGLISH = ("bias_templates", "civil_toxic_spans", "convabuse", "counsel_chat", "davidson", "edos", "goemotions", "hatemoji_build", "paradetox",
           "rmhd_peer", "surge_toxicity", "wiki_talk_cat", "wiki_toxicity_fuzzed")  # fmt: skip
GERMAN = ("bias_templates_de", "germeval2018_de")
OF_GROUPS = ("davidson", "edos", "hatemoji_build")
SLOTS = {
    "illness": ("breast cancer", "MS", "depression", "ME", "type 1 diabetes", "fibromyalgia", "bipolar", "lupus", "epilepsy", "anorexia", "COPD",
                "Parkinson's", "PTSD", "endometriosis", "long covid", "Crohn's"),
    "kin": ("mother", "husband", "wife", "son", "daughter", "brother", "family", "father", "sister", "kids", "dad", "mum"),
    "med": ("sertraline", "metformin", "tamoxifen", "lithium", "pregabalin", "prednisolone"),
    "name": ("Anna", "Tom", "Mrs Lee", "Omar", "Jo", "Petra", "@USER"),
    "symptom": ("migraine", "fatigue", "back pain", "rash", "nerve pain", "insomnia"),
    "cure": ("Celery juice", "Turmeric", "Colloidal silver", "Black seed oil", "Homeopathy", "Apricot kernels", "Frankincense"),
    "smallloss": ("dog", "miscarriage", "cat", "stillbirth", "friend"),
    "company": ("your school", "your boss", "the hospital you work at", "the bank", "your landlord"),
    "place": ("old bridge", "car park on Queen Street", "pier", "quarry"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One text: targets in the order of HEADS, 0 or 1, UNKNOWN where its source is silent."""

    text: str
    targets: tuple[int, ...]
    source: str
    group: str
    """Author and template, or a hash of the text: what must not be divided between learning and checking."""


def fold(group: str) -> int:
    """Return 0..99, the same for a group for ever."""
    return hashlib.sha256(group.encode("utf-8", "replace")).digest()[0] * 100 // 256


def _targets(**known: int) -> tuple[int, ...]:
    return tuple(known.get(head, UNKNOWN) for head in HEADS)


def checked(folder: Path, hashes: dict[str, str], name: str) -> list[dict[str, object]]:
    """Return the rows of one file; a file that is not the one the recipe was written for is refused."""
    path = folder / f"{name}.jsonl.gz"
    if hashlib.sha256(path.read_bytes()).hexdigest() != hashes[name]:
        raise ValueError(f"{path.name} is not the file this recipe was written for: restore it, or write its new hash into hashes.json.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def public(folder: Path, hashes: dict[str, str], names: tuple[str, ...]) -> list[Row]:
    """Return the decided rows of the data sets named."""
    rows = []
    for name in names:
        for one in checked(folder, hashes, name):
            text, label = str(one["text"]), one["label"]
            attributes = one.get("attributes")
            if label not in (0, 1):
                continue
            crisis = name in ("rmhd_peer", "counsel_chat")
            if label == 0:
                known = dict.fromkeys(HEADS, 0)
                if crisis:
                    flagged = isinstance(attributes, dict) and bool(attributes.get("crisis"))
                    known |= {"crisis": 1 if flagged else UNKNOWN, "method_detail": UNKNOWN}
            else:
                known = {"hostile": 1, "crisis": 0} | dict.fromkeys(QUEUES, 0) | ({"hate": 1} if name in OF_GROUPS else {})
            rows.append(Row(text, _targets(**known), name, hashlib.sha256(text.casefold().encode("utf-8", "replace")).hexdigest()[:16]))
    return rows


def own(name: str, variants: int) -> list[Row]:
    """Return our sentences of one file, those with slots filled in at most that many ways."""
    rows = []
    for line in (SENTENCES / f"{name}.tsv").read_text("utf-8").splitlines()[1:]:
        author, template, harm, label, text = line.split("\t")
        known = dict.fromkeys(HEADS, 0)
        if harm == "disclosure":
            known["crisis"] = 1
        elif harm == "method_detail":
            known |= {"crisis": UNKNOWN, "method_detail": 1}
        elif harm in QUEUES:
            known[harm] = 1
        elif harm != "none":
            known |= {"hostile": int(label), "hate": int(harm == "hate"), **({harm: 1} if harm in HARMS else {})}
        rows.extend(Row(one, _targets(**known), f"own_{name}", f"{author}/{template}") for one in filled(text, variants))
    return rows


def filled(text: str, variants: int) -> list[str]:
    """Return the sentence with its slots filled, spread over each list of words."""
    slots = [slot for slot in SLOTS if f"{{{slot}}}" in text]
    if not slots:
        return [text]
    start = hashlib.sha256(text.encode()).digest()[0]
    written = []
    for number in range(variants):
        one = text
        for slot in slots:
            one = one.replace(f"{{{slot}}}", SLOTS[slot][(start + number * 5 + number // 7) % len(SLOTS[slot])])
        written.append(one)
    return sorted(set(written))
