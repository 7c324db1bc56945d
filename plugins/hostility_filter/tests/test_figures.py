"""A worse model cannot land unnoticed: what the shipped small model does on our evaluation sentences."""

from pathlib import Path

import pytest
from supportd_hostility import ngram
from supportd_hostility.judge import Judge
from supportd_hostility.report import report

SENTENCES = Path(__file__).resolve().parents[1] / "sentences"


def figures() -> dict[str, float]:
    """Return the shares of the report by name."""
    lines = report(Judge(ngram.load()), str(SENTENCES / "evaluation.tsv")).splitlines()[2:]
    return {line[:44].strip(): float(line[44:].split()[1].rstrip("%")) for line in lines}


def test_nobody_in_distress_is_held_and_few_others() -> None:
    """Disclosures are delivered; of harmless sentences at most 2 in 100 are held."""
    found = figures()

    assert found["disclosures, held"] == 0
    assert found["harmless, held"] <= 2


def test_disclosures_are_heard() -> None:
    """The small model alone hears as many as it did when it was shipped."""
    assert figures()["disclosures, crisis path starts"] >= 50


def test_broken_weights_are_one_clear_error(tmp_path: Path) -> None:
    """Whatever is wrong with the file, the error says what to do."""
    (tmp_path / "ngram.npz").write_bytes(b"PK\x03\x04 not the weights")

    with pytest.raises(ngram.WeightsBroken):
        ngram.load(tmp_path / "ngram.npz")


def test_evaluation_and_training_share_no_sentence() -> None:
    """No evaluation sentence is learnt."""
    learnt, kept = (_texts(name) for name in ("training.tsv", "evaluation.tsv"))

    assert learnt & kept == set()


def _texts(name: str) -> set[str]:
    lines = (SENTENCES / name).read_text("utf-8").splitlines()[1:]
    return {line.split("\t")[4].casefold() for line in lines}
