"""Killed at any boundary, and started again, the evening is the same for everybody: nothing lost, nothing doubled."""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from tests.crash.duties import Duties
from tests.crash.scripted import STRANGER, Evening, Server
from tests.crash.weeks import Weeks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.postgres import PostgresServer

EVENINGS: dict[str, type[Evening]] = {"evening": Evening, "weeks": Weeks, "duties": Duties}
ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("SUPPORTD_FULL") == "1"
#: Seconds for the sample of one database in the ordinary run.
SECONDS = 30.0
SEED = 20261125
#: How many evenings are killed twice.
PAIRS = 12
#: How many evenings are played at the same time, each on a store of its own.
AT_ONCE = 2

# Copying rows is eight times quicker than a new database from a template.
_KEEP = """
DO $$ DECLARE t text; BEGIN
  CREATE SCHEMA before;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE before.%I AS TABLE public.%I', t, t);
  END LOOP;
END $$
"""
_BRING_BACK = """
DO $$ DECLARE t text; c record; BEGIN
  PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('public.%I', tablename), ', ') || ' RESTART IDENTITY'
    FROM pg_tables WHERE schemaname = 'public');
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'before' LOOP
    EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM before.%I', t, t);
  END LOOP;
  FOR c IN SELECT table_name, column_name FROM information_schema.columns
      WHERE table_schema = 'public' AND (is_identity = 'YES' OR column_default LIKE 'nextval%') LOOP
    EXECUTE format('SELECT setval(pg_get_serial_sequence(''public.%I'', %L), max(%I)) FROM public.%I HAVING max(%I) IS NOT NULL',
      c.table_name, c.column_name, c.column_name, c.table_name, c.column_name);
  END LOOP;
END $$
"""


@contextlib.contextmanager
def quick_folder() -> Iterator[Path]:
    """Yield a folder in memory where there is such a thing: a killed process loses nothing it wrote, so no disk is waited for."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it is ours alone
    with tempfile.TemporaryDirectory(prefix="supportd-crash-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


class Zygote:
    """A process that has imported everything and forks one child for each order."""

    def __init__(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.child"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, **order: object) -> int:
        """Return how the child ended: 0, or the negative number of the signal that killed it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)


@dataclass
class Stage:
    """One database on which evenings are played; ``fresh`` brings back the state before the evening."""

    name: str
    folder: Path
    zygote: Zygote
    server: Server
    postgres: PostgresServer | None = None
    url: str = ""
    template: str = field(default="")
    play_of: str = "evening"

    def prepare(self) -> None:
        """Make the state before the evening."""
        if self.postgres is None:
            (self.folder / "before").mkdir()
            self.template = f"sqlite:///{self.folder}/before/supportd.db"
        else:
            self.url = self.template = self.postgres.new_database()
        assert self.zygote.run(prepare=True, url=self.template, play=self.play_of) == 0
        if self.postgres is not None:
            self.postgres.sql(self.url, _KEEP)

    def fresh(self) -> None:
        """Begin a new evening on a copy of the state before it."""
        self.server.evening = EVENINGS[self.play_of]()
        self.server.evening.begin()
        if self.postgres is None:
            shutil.rmtree(self.folder / "now", ignore_errors=True)
            shutil.copytree(self.folder / "before", self.folder / "now")
            self.url = f"sqlite:///{self.folder}/now/supportd.db"
        else:
            self.postgres.sql(self.url, _BRING_BACK)

    def play(self, kill: int | None = None, broken: str = "") -> dict[str, Any] | None:
        """Run the child to the end, or until it is killed; returns what it left, ``None`` when it was killed."""
        out = self.folder / "out.json"
        out.unlink(missing_ok=True)
        code = self.zygote.run(url=self.url, socket=str(self.server.path), kill=kill, out=str(out), broken=broken, play=self.play_of)
        if code == -signal.SIGKILL:
            return None
        assert code == 0, f"the child ended with {code}"
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def stages(request: pytest.FixtureRequest) -> Iterator[list[Stage]]:
    """Yield prepared stages on either database, which play at the same time."""
    with stages_of(request) as made:
        yield made


@contextlib.contextmanager
def stages_of(request: pytest.FixtureRequest, play: str = "evening") -> Iterator[list[Stage]]:
    """Give stages for a play on the database that the fixture at hand names."""
    postgres = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(prepared(request.param, postgres, play)) for _ in range(AT_ONCE)]


@contextlib.contextmanager
def prepared(name: str, postgres: PostgresServer | None = None, play: str = "evening") -> Iterator[Stage]:
    """Yield one stage in the state before the evening."""
    with quick_folder() as folder:
        made = Stage(name, folder, Zygote(), Server(folder / "s"), postgres, play_of=play)
        try:
            made.prepare()
            yield made
        finally:
            made.zygote.close()
            made.server.close()


#: What members see on this evening: written down once, so that a change of the engine that loses something for good is seen too.
_REMOVE = "May I remove Cy from the room? Nothing happens until one of you answers yes or no here, in words."
_STRANGERS = tuple(
    f"{STRANGER}{name} (@{name.lower()}:test). Nobody of the group invited them, as far as I know. They can read what people write there"
    f" from now on, not what I write. Do they belong here? Then an admin says: people add NAME @{name.lower()}:test."
    f" If not, say: rooms remove main @{name.lower()}:test."
    for name in ("Eve", "Di", "Fay")
)
_HELLO = tuple(f"Will you say hello to {name}?" for name in ("Bo", "Cy", "Di"))
_SEEN: dict[str, tuple[str, ...]] = {
    "main": ("Ann meets Bo.", "Ann meets Di.", "Ed meets Cy.", "Goodbye Cy.", "SendReaction", "removed @cy:test", "removed @fay:test"),
    "direct @ann:test": (*_STRANGERS, *_HELLO, "Cy is met.", _REMOVE, "Di is in the group's people now.", "The room anns comes."),
    "direct @ed:test": (*_STRANGERS, "Will you say hello to Cy?", _REMOVE, "Done.", "The room eds comes."),
    "direct @bo:test": ("Good evening, Bo.", "How was it, Bo?"),
    "direct @cy:test": ("Good evening, Cy.", "How was it, Cy?"),
    "direct @di:test": ("You are entered, Di.", "Good evening, Di.", "How was it, Di?"),
    **{room: (f"This is the {room}.", "invited @bo:test") for room in ("lounge", "garden", "anns", "eds")},
}
#: Of the three whom nobody of ours invited, Di was entered and Fay sent away: room, who, whether inside.
STRANGERS = [["main", "Eve (@eve:test)", True]]
EXPECTED = Counter((room, what) for room, all_ in _SEEN.items() for what in (*all_, *(("made",) if room != "main" else ())))


@dataclass
class Tally:
    """What was found: ``lost`` and ``doubled`` things that members saw, and kills after which the store differed."""

    points: int = 0
    kinds: set[str] = field(default_factory=set)
    lost: int = 0
    doubled: int = 0
    differing: int = 0
    repeats: int = 0

    def add(self, other: Tally) -> None:
        """Count what another found too."""
        self.kinds |= other.kinds
        for name in ("points", "lost", "doubled", "differing", "repeats"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        """Return one line of figures."""
        return (
            f"{self.points} points of {len(self.kinds)} kinds: {self.lost} lost, {self.doubled} doubled,"
            f" {self.differing} stores that differ ({self.repeats} repeats answered by transaction id, marker or a look)"
        )


def _kill(
    stage: Stage, points: list[int], wanted: Counter[tuple[str, str]], left: dict[str, Any], tally: Tally, *, broken: str = ""
) -> str:
    """Play an evening with a kill at each of ``points``, one after the other, then to its end; returns what went wrong."""
    stage.fresh()
    for point in points:
        if stage.play(point, broken) is not None:
            break
    found = stage.play(broken=broken)
    assert found is not None
    seen = stage.server.evening.seen
    lost, doubled = wanted - seen, seen - wanted
    tally.points += len(points)
    tally.lost += lost.total()
    tally.doubled += doubled.total()
    tally.repeats += stage.server.evening.repeats
    differs = {key: (left[key], value) for key, value in found["left"].items() if value != left[key]}
    tally.differing += bool(differs)
    return f"kill at {points}: lost {dict(lost)}, doubled {dict(doubled)}, differs {differs}" if lost or doubled or differs else ""


class Soak:
    """Which boundaries were done already, kept in the file ``SUPPORTD_SOAK_STATE`` names; without it nothing is kept."""

    def __init__(self, name: str, names: list[str], all_: int) -> None:
        """Read what was done for this database and this list of boundaries, of ``all_`` that are to be done."""
        path = os.environ.get("SUPPORTD_SOAK_STATE", "")
        self.until = float(os.environ.get("SUPPORTD_SOAK_UNTIL", "0"))
        self._path = Path(path) if path else None
        self._key = f"{name} {len(names)}"
        self._all = all_
        self._state: dict[str, dict[str, str]] = json.loads(self._path.read_text()) if self._path and self._path.exists() else {}
        self._mine = self._state.setdefault(self._key, {})

    def done(self, order: list[int]) -> bool:
        """Tell whether this was done before."""
        return self._path is not None and self._mine.get(str(order)) == ""

    def note(self, order: list[int], problem: str) -> None:
        """Keep what came of it."""
        if self._path is not None:
            self._mine[str(order)] = problem
            partial = self._path.with_name(self._path.name + ".new")
            partial.write_text(json.dumps(self._state), encoding="utf-8")
            partial.rename(self._path)

    def __str__(self) -> str:
        """Return how far it is."""
        bad = sum(bool(one) for one in self._mine.values())
        return f"; in all {len(self._mine)} of {self._all} done, {bad} bad" if self._path else ""


def _kind(name: str) -> str:
    return name if name.startswith("network") else " ".join(name.split()[:5])


# Whatever the machine does besides, one evening for each kind of boundary is played.
@pytest.mark.timeout(0 if FULL else 600)
def test_evening_is_the_same_after_a_kill_anywhere(stages: list[Stage]) -> None:
    """One kill at each kind of boundary and after each sending (in full: at each boundary), and a sample of two, change nothing."""
    wanted, whole = play_whole(stages[0])
    assert wanted == EXPECTED
    assert whole["left"]["strangers"] == STRANGERS

    assert kill_everywhere(stages, wanted, whole, SECONDS) == []


def play_whole(stage: Stage) -> tuple[Counter[tuple[str, str]], dict[str, Any]]:
    """Play an evening without a kill; returns what people saw, and what it left."""
    stage.fresh()
    whole = stage.play()
    assert whole is not None
    return Counter(stage.server.evening.seen), whole


def kill_everywhere(
    stages: list[Stage], wanted: Counter[tuple[str, str]], whole: dict[str, Any], seconds: float, *, kinds: bool = True
) -> list[str]:
    """Kill after each sending, with ``kinds`` at each kind of boundary, and elsewhere for ``seconds`` (in full: everywhere).

    Returns what went wrong.
    """
    stage, left, names = stages[0], whole["left"], whole["points"]

    first = {_kind(name): at for at, name in reversed(list(enumerate(names, 1)))} if kinds else {}
    # What was sent and not booked yet is where an answer may come back to somebody who does not know what was asked.
    sent = [at for at, name in enumerate(names, 1) if name.startswith("network sent") and name.split()[2] not in {"sync", "answered"}]
    aimed = [*first.values(), *(at for at in sent if at not in set(first.values()))]
    chance = random.Random(SEED)  # noqa: S311 - a sample that can be had again
    rest = [at for at in range(1, len(names) + 1) if at not in set(aimed)]
    chance.shuffle(rest)
    orders = [[at] for at in aimed] + [[at, chance.choice(rest)] for at in rest[:PAIRS]]
    must = 0 if FULL else len(orders)
    orders += [[at] for at in sorted(rest)] if FULL else [[at, chance.choice(rest)] for at in rest[PAIRS:]]
    tally, problems = Tally(), []
    state = Soak(f"{stage.name} {stage.play_of}", names, len(orders))
    ends = state.until or (math.inf if FULL else time.time() + seconds)
    guard = Lock()
    idle: SimpleQueue[Stage] = SimpleQueue()
    for one in stages:
        idle.put(one)

    def play(index: int) -> None:
        order = orders[index]
        if state.done(order) or (time.time() > ends and index >= must):
            return
        mine, counted = idle.get(), Tally(kinds={_kind(names[at - 1]) for at in order})
        try:
            problem = _kill(mine, order, wanted, left, counted)
        finally:
            idle.put(mine)
        with guard:
            tally.add(counted)
            state.note(order, problem)
            problems.extend([problem] if problem else [])

    with ThreadPoolExecutor(len(stages)) as pool:
        for _ in pool.map(play, range(len(orders))):
            pass
    print(f"\ncrash points, {stage.name}, {stage.play_of}: {len(names)}; {tally}{state}")
    return problems


def _after_token(names: list[str]) -> list[int]:
    """Return the boundaries right after each commit that moved a token."""
    tokens = [at for at, name in enumerate(names) if name.startswith("statement INSERT INTO tokens")]
    return [names.index("commit", at) + 2 for at in tokens]


def _named(start: str) -> Callable[[list[str]], list[int]]:
    return lambda names: [at for at, name in enumerate(names, 1) if name == start]


#: What is broken -> the boundaries at which it must show: in between what was torn apart, or when a try was not booked yet.
_AIMS: dict[str, Callable[[list[str]], list[int]]] = {
    "token first": _after_token,
    "done first": _named("network send SendMessage"),
    "own ids": _named("network sent SendMessage"),
}


@pytest.mark.parametrize("broken", _AIMS)
def test_the_proof_finds_what_it_is_for(broken: str) -> None:
    """An engine that commits its token, or a send, before what it stands for loses something; new ids at each try double something."""
    tally = Tally()
    with prepared("sqlite") as stage:
        stage.fresh()
        whole = stage.play(broken=broken)
        assert whole is not None
        wanted = Counter(stage.server.evening.seen)
        aims = _AIMS[broken](whole["points"])[:: 1 if FULL else 3]
        found = [_kill(stage, [point], wanted, whole["left"], tally, broken=broken) for point in aims]

    print(f"\ncrash points, broken on purpose ({broken}): seen at {sum(map(bool, found))} of {len(aims)} aimed kills; {tally}")
    assert tally.doubled if broken == "own ids" else tally.lost
