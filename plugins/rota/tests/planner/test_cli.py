"""The commands on files, as a person and as a program gives them."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from supportd_rota import cli
from supportd_rota.planner import proving

from supportd.cli.main import main
from tests.support.rota.groups import group
from tests.support.rota.worked import BEST, WORKED

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> tuple[str, str]:
    problem, plan = tmp_path / "problem.json", tmp_path / "plan.json"
    problem.write_text(json.dumps(WORKED), encoding="utf-8")
    plan.write_text(json.dumps({"format": "supportd-rota-plan/1", "assignment": BEST}), encoding="utf-8")
    return str(problem), str(plan)


def test_a_plan_goes_to_standard_output(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """With every field of the format, and nothing about one person."""
    assert main(["rota", "plan", files[0]]) == 0

    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "format": "supportd-rota-plan/1",
        "assignment": BEST,
        "uncovered_weight": 1,
        "uncovered": [6],
        "sorted_ratios": [599985, 479205, 472745],
        "max_ratio": 599985,
        "gini": 0.054659,
        "coverage_proven": True,
        "coverage_bound": 1,
        "stopped_by": "optimum",
        "seed": 0,
    }
    assert said.err == ""


def test_per_member_adds_ratios_and_reasons(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Only when asked for."""
    assert main(["rota", "plan", files[0], "--per-member", "--seed", "5"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["ratios"] == [479205, 472745, 599985]
    assert found["why"][5] == "Nobody who can do this would carry less than you afterwards. You are at 47 % of what you offered."
    assert found["seed"] == 5


def test_out_is_written_whole_and_for_its_owner_alone(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mode 0600, also where a file with other rights was; nothing else is left in the folder."""
    out = tmp_path / "inner" / "out.json"
    out.parent.mkdir()
    out.write_text("old", encoding="utf-8")
    out.chmod(0o644)

    assert main(["rota", "plan", files[0], "--out", str(out)]) == 0

    assert json.loads(out.read_text(encoding="utf-8"))["assignment"] == BEST
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(out.parent.iterdir()) == [out]
    assert "".join(capsys.readouterr()) == ""


def test_the_problem_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A dash stands for it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(WORKED).encode())))

    assert main(["rota", "plan", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["assignment"] == BEST


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["plan"], 64, "PROBLEM.json: see supportd rota plan --help."),
        (["plan", "P", "--seconds", "0"], 64, "Argument --seconds: must be a number above 0"),
        (["plan", "P", "--seconds", "nan"], 64, "Argument --seconds"),
        (["plan", "P", "--solver", "best"], 64, "Argument --solver"),
        (["plan", "P", "--frobnicate"], 64, "Unrecognized arguments: --frobnicate"),
        (["plan", "none.json"], 65, "none.json cannot be read: No such file or directory."),
        (["plan", "P", "--out", "/proc/none/plan.json"], 73, "cannot be written"),
        (["check", "P", "P"], 65, "The plan's format must be supportd-rota-plan/1."),
        (["check", "-", "-"], 64, "Only one of the two files can be standard input"),
        (["repair", "P", "Q", "--from-week", "9"], 64, "Argument --from-week: must be a week from 0 to 2"),
        (["why", "P", "Q", "7"], 64, "Argument SLOT: must be the id of a slot, 0 to 6"),
    ],
)
def test_wrong_use_gets_one_sentence_and_its_status(
    words: list[str], status: int, says: str, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, without a traceback; nothing on standard output."""
    words = [dict(zip("PQ", files, strict=True)).get(one, one) for one in words]

    assert main(["rota", *words]) == status

    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_exact_solver_is_asked_for_in_words_where_it_is_missing(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 69; without being asked for it, the search plans alone."""
    monkeypatch.setattr(proving, "installed", lambda: False)

    assert main(["rota", "plan", files[0], "--solver", "exact"]) == 69
    assert "The exact solver is not installed: install supportd-rota[solver]" in capsys.readouterr().err
    assert main(["rota", "plan", files[0]]) == 0


def test_check_prints_what_a_plan_is_worth_and_fails_for_a_broken_one(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 names the rule, the member and the slots."""
    assert main(["rota", "check", *files]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["uncovered_weight"], found["complaints"], found["broken"]) == (1, [], [])

    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"format": "supportd-rota-plan/1", "assignment": [2, 1, 0, 2, 0, 1, None]}), encoding="utf-8")
    assert main(["rota", "check", files[0], str(wrong)]) == 1
    assert {"rule": "H5", "member": 0, "slots": [2, 4]} in json.loads(capsys.readouterr().out)["broken"]


def test_repair_writes_the_changes(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Member 1 cannot do the second week any more: slot 5 goes to member 0, all else stays."""
    changed: dict[str, Any] = json.loads(json.dumps(WORKED))
    changed["members"][1]["weeks"][1] = 0
    problem = tmp_path / "changed.json"
    problem.write_text(json.dumps(changed), encoding="utf-8")

    assert main(["rota", "repair", str(problem), files[1], "--from-week", "1"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["changes"], found["lost"], found["would_close"]) == ([[5, 1, 0]], [5], {"gaps": 0, "moves": 0})
    assert found["assignment"] == [2, 0, 1, 2, 0, 0, None]


def test_why_explains_a_slot_and_leaves_duties_of_the_group_to_the_daemon(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With two files it needs no daemon."""
    assert main(["rota", "why", *files, "4"]) == 0
    assert capsys.readouterr().out == (
        "Nobody else who can do this has room for it beside what they hold. You are at 48 % of what you offered.\n"
    )
    assert cli.why(["Tuesday", "listen"]) is None


def test_other_words_of_the_rota_go_to_the_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which is not there, and says how to make one."""
    assert main(["rota", "who", "--folder", str(tmp_path / "none")]) == 78
    assert "run supportd init first" in "".join(capsys.readouterr())


_HEAVY = ("nio", "sqlalchemy", "aiohttp", "pydantic", "numpy")


def test_the_command_loads_little_and_says_the_same_bytes_again(tmp_path: Path) -> None:
    """No Matrix, database or web library; the same input and seed give the same bytes in another process."""
    problem = tmp_path / "problem.json"
    problem.write_text(json.dumps(group(9, 1, 1)), encoding="utf-8")
    code = (
        "import sys; from supportd.cli.main import main; status = main(['rota', 'plan', sys.argv[1], '--seconds', '10']);"
        f"print([one for one in {_HEAVY!r} if one in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    runs = [
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", code, str(problem)], capture_output=True, check=True, env={"PYTHONHASHSEED": hash_}
        )
        for hash_ in ("1", "2")
    ]

    assert runs[0].stdout == runs[1].stdout
    assert [one.stderr.strip() for one in runs] == [b"[]", b"[]"]
    assert json.loads(runs[0].stdout)["stopped_by"] in {"optimum", "rounds"}
