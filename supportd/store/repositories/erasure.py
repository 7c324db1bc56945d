"""Erasing what still says something about a person who is forgotten: sealed words of others that wait and name them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

    from supportd.store.sealing import Box

_OUTBOX = text("SELECT id, effect AS sealed FROM outbox WHERE group_id = :group AND effect IS NOT NULL")
_INBOX = text("SELECT id, event AS sealed FROM inbox WHERE group_id = :group")
_ROOMLESS = text("SELECT id, event AS sealed FROM inbox WHERE group_id IS NULL")
_ASKS = text("SELECT id, ask AS sealed FROM asks WHERE group_id = :group AND ask IS NOT NULL")
_CHANGE_OUTBOX = text("UPDATE outbox SET effect = :sealed WHERE id = :id")
_CHANGE_INBOX = text("UPDATE inbox SET event = :sealed WHERE id = :id")
_CHANGE_ASK = text("UPDATE asks SET ask = :sealed WHERE id = :id")
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
#: Fields of waiting rows in which a name may stand.
_TEXTS = frozenset({"text", "question", "told", "reason", "button", "display_name", "name", "topic"})
#: Stands where a name stood.
_SOMEBODY = "somebody"


def erase_keys(connection: Connection, group: str, person: str) -> None:
    """Delete what plugins keyed by ``person`` (opaque, so that it holds no wildcard)."""
    for statement in _BY_KEY:
        connection.execute(statement, {"group": group, "part": f"%{person}%"})


def erase(connection: Connection, host: Box, group_box: Box, group: str, ids: Collection[str | None], name: str) -> None:
    """Delete what waits and is about one of ``ids`` (opaque id, Matrix id), and take ``name`` out of other people's words that wait.

    A name is taken out as a whole word only, and the words stay: May's leaving must not cost others their "May I …".
    """
    wanted = [one.encode() for one in ids if one]
    for select, delete, change, context, box in (
        (_OUTBOX, _FROM_OUTBOX, _CHANGE_OUTBOX, "outbox", group_box),
        (_INBOX, _FROM_INBOX, _CHANGE_INBOX, "inbox", group_box),
        (_ROOMLESS, _FROM_INBOX, _CHANGE_INBOX, "inbox", host),
        (_ASKS, _ASK_ENDS, _CHANGE_ASK, "ask", group_box),
    ):
        for row in connection.execute(select, {"group": group} if select is not _ROOMLESS else {}).mappings().all():
            sealed_for = f"{context}:{row['id']}"
            words = box.open(row["sealed"], sealed_for)
            if any(one in words for one in wanted):
                connection.execute(delete, {"id": row["id"]})
                if context == "ask":
                    connection.execute(_ASK_TIMER, {"key": f"ask:{row['id']}"})
            elif (without := _without(words, name)) is not None:
                connection.execute(change, {"id": row["id"], "sealed": box.seal(without, sealed_for)})


def _without(words: bytes, name: str) -> bytes | None:
    """Return a waiting value without ``name``, ``None`` when it does not stand there."""
    if not name.strip():
        return None
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    before = json.loads(words)
    after = _replaced(before, pattern, inside=False)
    return json.dumps(after).encode() if after != before else None


def _replaced(value: Any, pattern: re.Pattern[str], *, inside: bool) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(one, pattern, inside=key in _TEXTS) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, pattern, inside=inside) for one in value]
    return pattern.sub(_SOMEBODY, value) if inside and isinstance(value, str) else value
