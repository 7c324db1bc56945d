"""The end of a room: it is announced, then nobody writes any more; who was there can still read what they could read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import PostMessage, Reply, StartTimer
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.declared import CIRCLE, SPACE
from supportd_confidential_rooms.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.declared import Declared
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

TIMER: Final = "close:"
#: So long the room has the announcement before it is closed.
NOTICE: Final = timedelta(seconds=10)


def wanted(group: Group, one: Declared | None, key: str) -> Iterator[Effect]:
    """Announce that a room closes, or say why it cannot."""
    if one is None:
        yield Reply(text=f"There is no room “{key[:40]}”: see rooms list.", status=1)
        return
    if key in {SPACE, CIRCLE}:
        yield Reply(text="The group's space and its circle stay open as long as the group is there.", status=1)
        return
    if one.row["state"] == "closed":
        yield Reply(text="This room is closed already.")
        return
    yield from ends(group, one)
    yield Reply(text=f"The room {key} closes now. Who is in it can still read what they could read before.")


def ends(group: Group, one: Declared) -> Iterator[Effect]:
    """Announce the end of a room that ends by itself."""
    if one.row["state"] == "closed":
        return
    if one.spec.listening == "reader":
        yield PostMessage(room=one.room.id, text=TEXTS.get("closing", group.style.language, group.style.edition))
    yield StartTimer(key=TIMER + one.room.key, at=group.now + NOTICE)


def close(group: Group, store: RoomStore, settings: RoomSettings, key: str) -> Iterator[Effect]:
    """Close it."""
    room = group.room(key)
    if room is None or store.room(key) is None:
        return
    store.settle(key, state="closed")
    one = declared.of(group, store, settings, room)
    if one is not None:
        yield one.mend()
