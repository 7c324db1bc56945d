"""Prepare what `encoder.py` reads, and bring back the teacher's scores.

`python -m training.prepare data DATA OUT` writes data.jsonl.gz; `... weights model.safetensors OUT` writes minilm.npz in half precision;
`... soft OUT/data.jsonl.gz soft.npz` writes training/soft.npz, scores by a hash of each text.
"""

import gzip
import hashlib
import json
import random
import struct
import sys
from pathlib import Path

import numpy as np
from supportd_hostility.features import WINDOW
from supportd_hostility.harms import HEADS
from supportd_hostility.ngram import MAIN
from supportd_hostility.normalise import normalise

from .corpus import ENGLISH, UNKNOWN, Row, checked, fold, own, public
from .disguise import disguised

HERE = Path(__file__).resolve().parent
LONGEST = 600


def data(folder, out):
    """Write each text, a disguise of it if it is to be learnt, its targets, source and part."""
    hashes, rng = json.loads((HERE / "hashes.json").read_text()), random.Random(1)
    lines = []

    def add(row, part):
        plain = normalise(row.text)[:LONGEST]
        hidden = normalise(disguised(row.text[:LONGEST], rng))[:LONGEST] if part == "train" else ""
        lines.append(json.dumps([plain, hidden if hidden != plain else "", list(row.targets), row.source, part]))

    for row in public(folder, hashes, ENGLISH):
        at = fold(row.group)
        add(row, "test" if at < 10 else "dev" if at < 15 else "train")
    for row in own("training", 8):
        add(row, "train")
    for row in own("evaluation", 1):
        add(row, "eval")
    for name in ENGLISH:
        for one in checked(folder, hashes, name):
            text = str(one["text"])
            group = hashlib.sha256(text.casefold().encode("utf-8", "replace")).hexdigest()[:16]
            if one["label"] == -1 and fold(group) >= 15:
                add(Row(text, (UNKNOWN,) * len(HEADS), name, group), "undecided")
    (out / "data.jsonl.gz").write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode("ascii"), 9, mtime=0))


def weights(source, out):
    """Write the public weights in half precision."""
    raw = source.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    table = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32" and not name.startswith("pooler"):
            first, last = entry["data_offsets"]
            table[name] = np.frombuffer(raw[8 + size + first : 8 + size + last], "<f4").reshape(entry["shape"]).astype("f2")
    np.savez(out / "minilm.npz", **table)


def soft(prepared, scores):
    """Write the teacher's scores of the rows to learn, sorted by the hash of their normalised first window."""
    lines = [json.loads(line) for line in gzip.decompress(prepared.read_bytes()).splitlines()]
    with np.load(scores) as table:
        teacher = table["teacher"]
    found = {
        int(hashlib.sha256(line[0][:WINDOW].encode("utf-8", "replace")).hexdigest()[:16], 16): one[:MAIN]
        for line, one in zip(lines, teacher, strict=True)
        if line[4] == "train"
    }
    keys = np.array(sorted(found), np.uint64)
    np.savez_compressed(HERE / "soft.npz", keys=keys, scores=np.array([found[int(one)] for one in keys]))


if __name__ == "__main__":
    {"data": data, "weights": weights, "soft": soft}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
