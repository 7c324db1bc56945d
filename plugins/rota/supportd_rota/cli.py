"""``supportd rota plan | check | repair | why`` on files: they need no daemon, settings, database or network."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from supportd.errors import SupportdError
from supportd.private import write_private
from supportd_rota.planner import plan as plans
from supportd_rota.planner import problem as problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem
    from supportd_rota.planner.rules import Assignment

#: Seconds that a plan may take, start included: up to 20 members, and above.
_SMALL, _SECONDS = 20, (2.0, 5.0)
#: Starting Python and reading and writing the files.
_START: Final = 0.4
_MOST_SECONDS: Final = 86_400.0


class WrongUse(SupportdError):
    """{problem}: see supportd rota {command} --help."""

    status = 64


class CannotRead(SupportdError):
    """{file} cannot be read: {problem}."""

    status = 65


class CannotWrite(SupportdError):
    """{file} cannot be written: {problem}."""

    status = 73


class SolverMissing(SupportdError):
    """The exact solver is not installed: install supportd-rota[solver], or leave --solver out."""

    status = 69


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUse(problem=f"{message[:1].upper()}{message[1:].rstrip('.')}", command=self.prog.rsplit(" ", 1)[-1])


def plan(words: Sequence[str]) -> int:
    """Write a plan for a problem."""
    parser = _parser("plan", "Plan who holds which duty.")
    parser.add_argument("problem", metavar="PROBLEM.json", help="the problem; - for standard input")
    parser.add_argument("--out", type=Path, metavar="PLAN.json", help="where to write the plan; left out: standard output")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="seconds it may take (default: 2 up to 20 members, 5 above)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="breaks ties; the same input and seed give the same plan")
    parser.add_argument(
        "--solver", choices=("auto", "own", "exact"), default="auto", help="exact proves coverage; it needs supportd-rota[solver]"
    )
    parser.add_argument("--per-member", action="store_true", help="also write each member's ratio and why they hold what they hold")
    chosen = parser.parse_args(words)
    began = time.monotonic()
    problem = problems.read(_bytes(chosen.problem))
    usual = _SECONDS[len(problem.members) > _SMALL]
    seconds = usual if chosen.seconds is None else chosen.seconds
    found = _search(problem, chosen.seed, seconds - _START - (time.monotonic() - began), seconds / usual, chosen.solver)
    _write(plans.write(problem, found, chosen.seed, per_member=chosen.per_member), chosen.out)
    return 0


def check(words: Sequence[str]) -> int:
    """Print what a plan is worth; status 1 if it breaks a hard rule."""
    from supportd_rota.planner.rules import broken  # noqa: PLC0415 - each command loads what it needs
    from supportd_rota.planner.score import score  # noqa: PLC0415

    parser = _parser("check", "Print what a plan is worth. The status is 1 if it breaks a hard rule.")
    _add_files(parser)
    chosen = parser.parse_args(words)
    problem, assignment = _both(chosen)
    wrong = broken(problem, assignment)
    if wrong:
        _print({"broken": [{"rule": one.rule, "member": one.member, "slots": list(one.slots)} for one in wrong]})
        return 1
    found = score(problem, assignment)
    judged = {key: value for key, value in plans.judged(assignment, found).items() if key != "assignment"}
    _print({"broken": [], **judged, "complaints": list(found.complaints)})
    return 0


def repair(words: Sequence[str]) -> int:
    """Write a plan in which what was lost is given to others, and as little else as possible changes."""
    from supportd_rota.planner.repair import repair as mend  # noqa: PLC0415 - each command loads what it needs
    from supportd_rota.planner.score import score  # noqa: PLC0415

    parser = _parser("repair", "Give what was lost to others, and change as little else as possible.")
    _add_files(parser)
    parser.add_argument("--from-week", type=int, required=True, metavar="W", help="weeks before this one stay as they are")
    parser.add_argument("--out", type=Path, metavar="PLAN.json", help="where to write the plan; left out: standard output")
    chosen = parser.parse_args(words)
    problem, assignment = _both(chosen)
    if not 0 <= chosen.from_week <= problem.weeks:
        parser.error(f"argument --from-week: must be a week from 0 to {problem.weeks}")
    found = mend(problem, assignment, chosen.from_week)
    more = {"gaps": found.more_gaps, "moves": found.more_moves}
    changes = [list(one) for one in found.changes]
    judged = plans.judged(found.assignment, score(problem, found.assignment))
    _write({**judged, "lost": list(found.lost), "changes": changes, "would_close": more}, chosen.out)
    return 0


def why(words: Sequence[str]) -> int | None:
    """Explain one slot of a plan; ``None`` if the words name no files: then the daemon is asked about a duty of the group."""
    from supportd_rota.planner.why import why as explain  # noqa: PLC0415 - each command loads what it needs

    if len([one for one in words if not one.startswith("--")]) < 3 and not {"-h", "--help"} & set(words):  # noqa: PLR2004 - PROBLEM PLAN SLOT
        return None
    parser = _parser("why", "Explain one slot of a plan in two sentences.")
    _add_files(parser)
    parser.add_argument("slot", type=int, metavar="SLOT", help="the id of the slot")
    chosen = parser.parse_args(words)
    problem, assignment = _both(chosen)
    if not 0 <= chosen.slot < len(problem.slots):
        parser.error(f"argument SLOT: must be the id of a slot, 0 to {len(problem.slots) - 1}")
    sys.stdout.write(explain(problem, assignment, chosen.slot).sentences + "\n")
    return 0


def _search(problem: Problem, seed: int, seconds: float, share: float, solver: str) -> Any:
    from supportd_rota.planner import proving  # noqa: PLC0415 - each command loads what it needs
    from supportd_rota.planner.search import search, usual_steps  # noqa: PLC0415

    if solver == "exact" and not proving.installed():
        raise SolverMissing
    steps = round(share * usual_steps(problem))
    if solver == "own" or not proving.installed():
        return search(problem, seed, max(0.0, seconds), steps)
    return proving.search(problem, seed, max(0.0, seconds), steps)


def _parser(command: str, description: str) -> _Parser:
    return _Parser(prog=f"supportd rota {command}", description=description)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("problem", metavar="PROBLEM.json", help="the problem; - for standard input")
    parser.add_argument("plan", metavar="PLAN.json", help="a plan for it; - for standard input")


def _seconds(text: str) -> float:
    found = float(text)
    if not 0 < found <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be a number above 0 and at most {_MOST_SECONDS:g}")
    return found


def _both(chosen: argparse.Namespace) -> tuple[Problem, Assignment]:
    if chosen.problem == chosen.plan == "-":
        raise WrongUse(problem="Only one of the two files can be standard input", command="check")
    problem = problems.read(_bytes(chosen.problem))
    return problem, plans.read(_bytes(chosen.plan), problem)


def _bytes(name: str) -> bytes:
    """Read a file, but never more than a problem may have."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(problems.MOST_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(problems.MOST_BYTES + 1)
    except OSError as error:
        raise CannotRead(file=name, problem=error.strerror or "it is no file") from error


def _print(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")


def _write(data: dict[str, Any], out: Path | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all and that nobody else may read."""
    text = json.dumps(data) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    if not out.parent.is_dir():
        raise CannotWrite(file=out, problem=f"there is no folder {out.parent}")
    try:
        write_private(out, text.encode())
    except OSError as error:
        raise CannotWrite(file=out, problem=error.strerror or "the disk refuses it") from error
