"""The file format once more, as plainly as it can be said, for judging what the planner makes: nothing here is shared with it."""

from __future__ import annotations

import itertools
from typing import Any

Data = dict[str, Any]
Plan = list[int | None]


def ratios(data: Data, plan: Plan) -> list[int]:
    """Load over capacity in millionths, by member."""
    found = []
    for member in data["members"]:
        given = sum(slot["load"] for slot, holder in zip(data["slots"], plan, strict=True) if holder == member["id"])
        each = max(1, round(1_000_000 / max(10 * member["cap"] * (4 + sum(member["weeks"])), 10)))
        found.append((round(10 * member["carry"]) + given) * each)
    return found


def allowed(data: Data, plan: Plan) -> bool:
    """Whether H1 to H5 hold."""
    for member in data["members"]:
        mine = [slot for slot, holder in zip(data["slots"], plan, strict=True) if holder == member["id"]]
        if any(member["id"] not in slot["el"] for slot in mine):
            return False
        for week, share in enumerate(member["weeks"]):
            most = max(round(15 * member["cap"] * share), 40 if share == 1 else 20 if share else 0)
            if sum(slot["load"] for slot in mine if slot["w"] == week) > most:
                return False
        days = [7 * slot["w"] + slot["d"] for slot in mine]
        if any(days.count(day) > 2 for day in days):
            return False
        for one, other in itertools.combinations(mine, 2):
            apart = abs(7 * one["w"] + one["d"] - 7 * other["w"] - other["d"])
            if (apart == 0 and one["b"] == other["b"]) or (one["heavy"] and other["heavy"] and apart < 7):
                return False
    return True


def cost(data: Data, plan: Plan) -> tuple[int, list[int]]:
    """C1 and C2."""
    gone = sum(slot["pr"] for slot, holder in zip(data["slots"], plan, strict=True) if holder is None)
    return gone, sorted(ratios(data, plan), reverse=True)


def complaints(data: Data, plan: Plan) -> list[int]:
    """Held slots that an able, fitting member could take and end below the holder's ratio of now."""
    now, found = ratios(data, plan), []
    for slot in data["slots"]:
        holder = plan[slot["id"]]
        if holder is None:
            continue
        for other in set(slot["el"]) - {holder}:
            moved = list(plan)
            moved[slot["id"]] = other
            if ratios(data, moved)[other] < now[holder] and allowed(data, [one if one == other else None for one in moved]):
                found.append(slot["id"])
                break
    return found


def best(data: Data) -> tuple[int, list[int]]:
    """Return the lowest cost of all plans, by trying them all."""
    every = itertools.product(*[[None, *sorted(slot["el"])] for slot in data["slots"]])
    return min(cost(data, list(plan)) for plan in every if allowed(data, list(plan)))
