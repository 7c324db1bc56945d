"""Drift: what somebody changed about a room is set back, or the room is locked, and those who may hear of it are told who changed what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import PostDirect, StartTimer
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
#: In front of a room's word: the timer to try a lock again, and the fact that a lock is not known to hold yet.
TIMER: Final = "lock:"
#: Values of the fact: nobody was told yet; the key members know that the room is open.
_WANTED: Final = "wanted"
_TOLD: Final = "told"
#: How soon a lock that did not hold is tried again.
AGAIN: Final = timedelta(minutes=1)


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
    store.told(one.room.key, {*changed, *event.mended} - set(event.failed))
    if one.shut:
        yield from _held(group, store, one, event.failed, changed)
    elif event.failed:
        store.settle(one.room.key, state="locked")
        store.set_fact(TIMER + one.room.key, _WANTED, group.now)
        for each in set(event.failed) & set(changed):
            # Who was sent away and invited again was not sent away by anybody, for who looks now.
            store.drift(one.room.key, each, changed[each].person, group.now)
        locked = declared.of(group, store, settings, one.room)
        if locked is not None:
            yield locked.mend()


def unlocked(group: Group, store: RoomStore, key: str) -> None:
    """Try no lock again that is not wanted any more."""
    store.set_fact(TIMER + key, None, group.now)


def again(group: Group, store: RoomStore, settings: RoomSettings, timer: str) -> Iterator[Effect]:
    """Try once more to lock a room that could not be locked."""
    room = group.room(timer.removeprefix(TIMER))
    one = declared.of(group, store, settings, room) if room is not None else None
    if one is not None and one.shut and store.fact(timer) is not None:
        yield one.mend()


def _held(group: Group, store: RoomStore, one: Declared, failed: tuple[Setting, ...], changed: Mapping[Setting, SetBy]) -> Iterator[Effect]:
    """Tell once that the room is locked, or that it could not even be locked, which is tried again until it is."""
    fact = TIMER + one.room.key
    was, holds = store.fact(fact), "power" not in failed
    # What was in order again by the time of the lock is told all the same: the room is shut because of it.
    about = tuple(each for each in SETTINGS if each in {*failed, *store.drifted(one.room.key)})
    if not holds:
        store.set_fact(fact, _TOLD, group.now)
        yield StartTimer(key=fact, at=group.now + AGAIN)
    elif was is not None:
        store.set_fact(fact, None, group.now)
    if one.row["state"] == "closed":
        yield from _tell_locked(group, one, "drift_stays", failed, changed) if failed else ()
    elif holds and was is not None:
        yield from _tell_locked(group, one, "drift_locked", about, changed)
    elif not holds and was != _TOLD:
        yield from _tell_locked(group, one, "drift_unlocked", failed, changed)
    if holds:
        store.told(one.room.key, about)


def _changed(store: RoomStore, one: Declared, event: RoomMended) -> Mapping[Setting, SetBy]:
    """Return what others changed that is set back now, or cannot be, and who did it as the homeserver says."""
    by = {each.setting: each for each in event.by}
    # We give no room an address or a place in the public list, so whatever of that was found was somebody else's.
    seen = {setting: SetBy(setting) for setting in (*event.mended, *event.failed) if setting in BY_NOBODY}
    seen |= {setting: SetBy(setting, who) for setting, who in store.drifted(one.room.key).items()}
    odd = {each.setting for each in one.odd()}
    # What was set back just before we were stopped differs no more, and is not told yet.
    done = [each for each in seen if each in event.mended or each not in odd]
    return {each: by.get(each) or seen[each] for each in SETTINGS if each in {*by, *done, *(set(event.failed) & set(seen))}}


def _tell(group: Group, one: Declared, key: str, changed: Mapping[Setting, SetBy]) -> Iterator[Effect]:
    for helper in declared.who_is_told(group, one):
        found: dict[tuple[str, str], list[str]] = {}
        for setting, who in changed.items():
            name = who.account or _who(group, helper, who)
            found.setdefault((f"{key}_account" if who.account else key, name), []).append(setting_word(group, helper, setting))
        for (text, name), words in found.items():
            yield PostDirect(to=helper.id, text=say(group, helper, text, room=one.room.key, who=name, what=", ".join(words)))


def _tell_locked(group: Group, one: Declared, key: str, failed: Iterable[Setting], changed: Mapping[Setting, SetBy]) -> Iterator[Effect]:
    for helper in declared.who_is_told(group, one):
        text = say(group, helper, key, room=one.room.key, what=", ".join(setting_word(group, helper, each) for each in failed))
        who = sorted({_account_or_who(group, helper, changed[each]) for each in failed if each in changed})
        told = say(group, helper, "drift_locked_by", who=", ".join(who)) if who else ""
        yield PostDirect(to=helper.id, text=" ".join(one for one in (text, told) if one))


def _account_or_who(group: Group, helper: Person, who: SetBy) -> str:
    return say(group, helper, "own_account", account=who.account) if who.account else _who(group, helper, who)


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
