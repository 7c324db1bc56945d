"""Room keys of one id that several devices hold up: nio keeps one for each id, but only the maker's own one proves who wrote.

Which one is the maker's is not known when a key comes: a member who has somebody's key can send it as their own, before the maker's copy is
here. So all are kept, and each event is opened with the one of its sender's devices.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from nio.crypto.sessions import InboundGroupSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS supportd_twins (
        session TEXT, sender_key TEXT, room TEXT, fp_key TEXT NOT NULL, chain TEXT NOT NULL, pickled BLOB NOT NULL,
        PRIMARY KEY (session, sender_key, room)) WITHOUT ROWID""",
)


def save(execute: Callable[..., Any], session: Any, pickle_key: str) -> None:
    """Keep a second key of the same id, or its new state."""
    chain = json.dumps(list(session.forwarding_chain))
    execute(
        "INSERT INTO supportd_twins VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (session, sender_key, room) DO UPDATE SET pickled = excluded.pickled",
        (session.id, session.sender_key, session.room_id, session.ed25519, chain, session.pickle(pickle_key)),
    )


def load(execute: Callable[..., Any], pickle_key: str) -> Iterator[Any]:
    """Return all of them."""
    for sender_key, room, fp_key, chain, pickled in execute(
        "SELECT sender_key, room, fp_key, chain, pickled FROM supportd_twins", ()
    ).fetchall():
        yield InboundGroupSession.from_pickle(bytes(pickled), fp_key, sender_key, room, pickle_key, json.loads(chain))


def drop(execute: Callable[..., Any], session: Any) -> int:
    """Delete this one and tell how many of the same id are left."""
    execute(
        "DELETE FROM supportd_twins WHERE session = ? AND sender_key = ? AND room = ?", (session.id, session.sender_key, session.room_id)
    )
    return int(execute("SELECT count(*) FROM supportd_twins WHERE session = ?", (session.id,)).fetchone()[0])
