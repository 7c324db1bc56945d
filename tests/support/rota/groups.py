"""Seeded uneven groups: two founders who offer much, skills that 30 to 80 % have, illness, a week off; the problem as JSON data."""

from __future__ import annotations

from random import Random
from typing import Any

#: name, load in tenths, heavy, weight, share of members who can, times a week for ten members.
KINDS = (
    ("welcome", 20, 0, 3, 0.8, 3),
    ("first answer", 10, 0, 3, 0.7, 3),
    ("moderate", 15, 0, 4, 0.5, 3),
    ("listen", 40, 1, 4, 0.4, 2),
    ("digest", 20, 0, 1, 0.3, 1),
    ("host", 30, 0, 5, 0.3, 1),
    ("co-host", 15, 0, 2, 0.6, 1),
)


def group(members: int, seed: int, weeks: int = 12) -> dict[str, Any]:
    """Make the problem of one group."""
    random = Random(seed * 1_000 + members)  # noqa: S311 - it makes groups, it keeps no secret
    people = [_member(one, random, weeks) for one in range(members)]
    can = {name: {one for one in range(members) if one < 2 or random.random() < share} for name, *_, share, _ in KINDS}
    slots: list[dict[str, Any]] = []
    for week in range(weeks):
        for name, load, heavy, priority, _, often in KINDS:
            for _ in range(_times(often * members / 10, random)):
                slots.append(_slot(len(slots), week, (name, load, heavy, priority), can[name], people, random))
    return {"n": members, "weeks": weeks, "members": people, "slots": slots}


def _times(often: float, random: Random) -> int:
    whole = int(often)
    return whole + (random.random() < often - whole)


def _member(one: int, random: Random, weeks: int) -> dict[str, Any]:
    cap = random.choice([4.0, 5.0, 6.0]) if one < 2 else random.choice([1.0, 1.5, 2.0, 2.5, 3.0])
    shares = [1.0] * weeks
    if random.random() < 0.4:
        start = random.randrange(weeks)
        for week in range(start, min(weeks, start + random.randint(1, 4))):
            shares[week] = random.choice([0.0, 0.5])
    shares[random.randrange(weeks)] = 0.0
    return {"id": one, "cap": cap, "carry": round(cap * 4 * random.uniform(0.2, 0.9), 1), "weeks": shares}


def _slot(
    slot: int, week: int, kind: tuple[str, int, int, int], can: set[int], people: list[dict[str, Any]], random: Random
) -> dict[str, Any]:
    name, load, heavy, priority = kind
    able = [one for one in sorted(can) if people[one]["weeks"][week] > 0 and random.random() < 0.8]
    return {
        "id": slot, "w": week, "d": random.randrange(7), "b": random.randrange(3), "duty": name,
        "load": load, "heavy": heavy, "pr": priority, "el": able,
    }  # fmt: skip
