"""Drift: what somebody changed about a room is set back, or the room is locked, and those who may hear of it are told who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import PostDirect
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.texts import say, setting_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import RoomMended
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.declared import Declared
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

#: Settings of which no event says who changed them.
BY_NOBODY: Final = frozenset({"public list", "addresses"})


def seen(group: Group, store: RoomStore, one: Declared) -> Iterator[Effect]:
    """Set back what differs; remember what was changed by others than us, and by whom."""
    odd = one.odd()
    if not odd:
        return
    by = dict(one.room.now.changed_by) if one.room.now is not None else {}
    for each in odd:
        if each.setting in by or each.setting in BY_NOBODY:
            store.drift(one.room.key, each.setting, by.get(each.setting), group.now)
    yield one.mend()


def mended(group: Group, store: RoomStore, settings: RoomSettings, event: RoomMended) -> Iterator[Effect]:
    """Tell who changed what; lock the room when something could not be set back."""
    room = group.room_by_id(event.room)
    one = declared.of(group, store, settings, room) if room is not None else None
    if one is None:
        return
    drifted = store.drifted(one.room.key)
    changed = [each for each in event.mended if each in drifted]
    if changed:
        yield from _tell(group, one, "drift_mended", changed, drifted)
    if event.failed and one.row["state"] != "locked":
        store.settle(one.room.key, state="locked")
        yield from _tell(group, one, "drift_locked", event.failed, drifted)
        locked = declared.of(group, store, settings, one.room)
        if locked is not None:
            yield locked.mend()
    store.told(one.room.key)


def _tell(group: Group, one: Declared, key: str, settings: Iterable[str], by: Mapping[str, PersonId | None]) -> Iterator[Effect]:
    names = {group.name_of(who) for each in settings if (who := by.get(each)) is not None} - {""}
    for helper in declared.who_hears(group, one):
        told = ", ".join(sorted(names)) or say(group, helper, "somebody")
        what = ", ".join(setting_word(group, helper, each) for each in settings)
        yield PostDirect(to=helper.id, text=say(group, helper, key, room=one.room.key, who=told, what=what))


def audit(group: Group, looked_at: Iterable[Declared]) -> tuple[list[dict[str, object]], int]:
    """Return a row for each room and setting that is looked at, and how many differ; of a private room nobody is named."""
    rows: list[dict[str, object]] = []
    for one in looked_at:
        odd = {each.setting: each for each in one.odd()}
        if one.room.now is None or one.spec.listening == "absent":
            state = "not looked at: supportd is not in it" if one.spec.listening == "absent" else "not looked at yet"
            rows.append({"room": one.room.key, "setting": "all", "declared": one.template.key, "found": state, "as declared": None})
            continue
        for setting, wanted in declared.described_all(one):
            each = odd.get(setting)
            found = each.found if each is not None else wanted
            row: dict[str, object] = {"room": one.room.key, "setting": setting, "declared": wanted, "found": found}
            rows.append(
                row
                | {"as declared": each is None}
                | ({"by": group.name_of(each.by)} if each is not None and each.by and not one.template.private else {})
            )
    return rows, sum(1 for row in rows if row["as declared"] is False)
