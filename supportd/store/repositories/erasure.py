"""Erasing what still says something about a person who is forgotten: sealed words of others that wait and name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

    from supportd.store.sealing import Box

_OUTBOX = text("SELECT id, effect AS sealed FROM outbox WHERE group_id = :group AND effect IS NOT NULL")
_INBOX = text("SELECT id, event AS sealed FROM inbox WHERE group_id = :group")
_ROOMLESS = text("SELECT id, event AS sealed FROM inbox WHERE group_id IS NULL")
_ASKS = text("SELECT id, ask AS sealed FROM asks WHERE group_id = :group AND ask IS NOT NULL")
_FROM_OUTBOX = text("DELETE FROM outbox WHERE id = :id")
_FROM_INBOX = text("DELETE FROM inbox WHERE id = :id")
_ASK_ENDS = text("UPDATE asks SET outcome = 'closed', ask = NULL, ended = opened WHERE id = :id")
_ASK_TIMER = text("DELETE FROM timers WHERE key = :key")
#: Keys that plugins choose often hold the opaque id of whom they are about; what they stood for is over.
_BY_KEY = (
    text("DELETE FROM timers WHERE key IN (SELECT 'ask:' || id FROM asks WHERE group_id = :group AND key LIKE :part)"),
    text("DELETE FROM asks WHERE group_id = :group AND key LIKE :part"),
    text("DELETE FROM timers WHERE group_id = :group AND key LIKE :part"),
    text("DELETE FROM cases WHERE group_id = :group AND (key LIKE :part OR refs LIKE :part)"),
    text("DELETE FROM links WHERE group_id = :group AND key LIKE :part"),
)
#: A shorter name is part of too many words to be looked for.
_SHORTEST = 3


def erase_keys(connection: Connection, group: str, person: str) -> None:
    """Delete what plugins keyed by ``person`` (opaque, so that it holds no wildcard)."""
    for statement in _BY_KEY:
        connection.execute(statement, {"group": group, "part": f"%{person}%"})


def erase(connection: Connection, host: Box, group_box: Box, group: str, needles: Collection[str | None]) -> None:
    """Delete waiting effects, waiting events and open asks of ``group`` in which one of ``needles`` stands (id, Matrix id, name)."""
    wanted = [one.encode() for one in needles if one and len(one) >= _SHORTEST]
    for select, delete, context, box in (
        (_OUTBOX, _FROM_OUTBOX, "outbox", group_box),
        (_INBOX, _FROM_INBOX, "inbox", group_box),
        (_ROOMLESS, _FROM_INBOX, "inbox", host),
        (_ASKS, _ASK_ENDS, "ask", group_box),
    ):
        for row in connection.execute(select, {"group": group} if select is not _ROOMLESS else {}).mappings().all():
            words = box.open(row["sealed"], f"{context}:{row['id']}")
            if any(one in words for one in wanted):
                connection.execute(delete, {"id": row["id"]})
                if context == "ask":
                    connection.execute(_ASK_TIMER, {"key": f"ask:{row['id']}"})
