"""Drift: what somebody changed about a room is set back, or the room is locked, and those who may hear of it are told who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import PostDirect
from supportd.sdk.rooms import SETTINGS, SetBy
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.texts import say, setting_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import RoomMended
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.rooms import Setting
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
    changed = _changed(store, one, event)
    yield from _tell(group, one, "drift_mended", {each: who for each, who in changed.items() if each not in event.failed})
    if event.failed and one.row["state"] != "locked":
        store.settle(one.room.key, state="locked")
        yield from _tell_locked(group, one, event.failed, changed)
        locked = declared.of(group, store, settings, one.room)
        if locked is not None:
            yield locked.mend()
    store.told(one.room.key, [*changed, *event.mended, *event.failed])


def _changed(store: RoomStore, one: Declared, event: RoomMended) -> Mapping[Setting, SetBy]:
    """Return what others changed that is set back now, or cannot be, and who did it as the homeserver says."""
    by = {each.setting: each for each in event.by}
    # We give no room an address or a place in the public list, so whatever of that was set back was somebody else's.
    seen = {setting: SetBy(setting) for setting in event.mended if setting in BY_NOBODY}
    seen |= {setting: SetBy(setting, who) for setting, who in store.drifted(one.room.key).items()}
    odd = {each.setting for each in one.odd()}
    # What was set back just before we were stopped differs no more, and is not told yet.
    done = [each for each in seen if each in event.mended or each not in odd]
    return {each: by.get(each) or seen[each] for each in SETTINGS if each in {*by, *done, *(set(event.failed) & set(seen))}}


def _tell(group: Group, one: Declared, key: str, changed: Mapping[Setting, SetBy]) -> Iterator[Effect]:
    for helper in declared.who_hears(group, one):
        found: dict[tuple[str, str], list[str]] = {}
        for setting, who in changed.items():
            name = who.account or _who(group, helper, who)
            found.setdefault((f"{key}_account" if who.account else key, name), []).append(setting_word(group, helper, setting))
        for (text, name), words in found.items():
            yield PostDirect(to=helper.id, text=say(group, helper, text, room=one.room.key, who=name, what=", ".join(words)))


def _tell_locked(group: Group, one: Declared, failed: Iterable[Setting], changed: Mapping[Setting, SetBy]) -> Iterator[Effect]:
    for helper in declared.who_hears(group, one):
        text = say(group, helper, "drift_locked", room=one.room.key, what=", ".join(setting_word(group, helper, each) for each in failed))
        who = sorted({changed[each].account or _who(group, helper, changed[each]) for each in failed if each in changed})
        told = say(group, helper, "drift_locked_by", who=", ".join(who)) if who else ""
        yield PostDirect(to=helper.id, text=" ".join(one for one in (text, told) if one))


def _who(group: Group, helper: Person, who: SetBy) -> str:
    """Return in words who set something."""
    name = group.name_of(who.person) if who.person is not None else ""
    return name or say(group, helper, "somebody_unknown" if who.setting in BY_NOBODY else "somebody")


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
