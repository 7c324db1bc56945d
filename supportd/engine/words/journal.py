"""``journal [NUMBER]``: what was done and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine.words.desk import Said, WordsUnclear

if TYPE_CHECKING:
    from supportd.engine.words.desk import Desk

_USUAL: Final = 30
_MOST: Final = 1000


def journal(desk: Desk) -> Said:
    """Return the last lines, newest first, and whether the chain of hashes is whole."""
    match desk.words:
        case ():
            limit = _USUAL
        case (number,) if number.isdecimal() and len(number) <= len(str(_MOST)) and 0 < int(number) <= _MOST:
            limit = int(number)
        case _:
            raise WordsUnclear(usage=f"journal, or journal NUMBER with at most {_MOST}")
    lines = desk.uow.journal.last(desk.group, limit)
    intact = desk.uow.journal.intact(desk.group)
    rows = [
        {"at": one.at.isoformat(), "plugin": one.plugin, "kind": one.kind, "outcome": one.outcome, "reason": one.reason, "about": one.about}
        for one in lines
    ]
    text = [f"{one.at:%Y-%m-%d %H:%M} UTC  {one.plugin}  {one.kind}: {one.outcome}. {one.reason}" for one in lines]
    if not intact:
        text.insert(0, "WARNING: lines of this journal were changed or taken out.")
    return Said("\n".join(text) or "Nothing has happened yet.", {"lines": rows, "intact": intact})
