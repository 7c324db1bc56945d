"""A new device signed in to somebody's account: they are told, and nobody else.

This is the core's own and no event for plugins: whose devices are whose is that person's affair, and a plugin that hears of it could tell
others. For the same reason it stands in no journal and no figure. Somebody who has no chat with us is invited to one, and the words wait
until they come; they are said nowhere else. Who is in several groups hears it once, in the chat of one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.texts import say
from supportd.sdk.effects import PostDirect
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import DevicesMark
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import UserId


def tell(uow: UnitOfWork, mark: DevicesMark, now: datetime) -> None:
    """Tell the owner of new devices of them, once for each device."""
    once = {EventId(names.derived("device", mark.user, one.id)): one.confirmed for one in mark.devices}
    seen = uow.handled.seen_of(list(once))
    new = [confirmed for id_, confirmed in once.items() if id_ not in seen]
    place = _place(uow, mark.user, now)
    uow.handled.add_all([id_ for id_ in once if id_ not in seen], now)
    if place is None or not new:
        return
    group, person = place
    which = "all" if all(new) else "some" if any(new) else "none"
    when = group.local(mark.at, person)
    values = {"count": str(len(new)), "day": when.strftime("%Y-%m-%d"), "time": when.strftime("%H:%M"), "group": group.name}
    text = say(group, person, f"device_{which}" if len(new) == 1 else f"devices_{which}", **values)
    # Whoever it is may be reading already: this does not wait for the morning.
    effect = PostDirect(to=person.id, text=text, urgent=True)
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.write_to(uow, group, CORE, names.derived("devices", mark.user, *sorted(once)), effect, passed)


def _place(uow: UnitOfWork, user: UserId, now: datetime) -> tuple[Group, Person] | None:
    """Return the group in whose chat to say it: one where they are in their chat with us, else one where they are in a room."""
    found = []
    for group_id in uow.groups.ids():
        id_ = uow.people.by_user(group_id, user)
        if id_ is None:
            continue
        group = uow.groups.facts(group_id, now)
        person = group.person(id_)
        inside = [room for room in group.rooms if id_ in room.joined]
        if person is not None and inside:
            # Whoever was entered somewhere without knowing it is not addressed from there.
            found.append((all(room.direct_with != id_ for room in inside), group, person))
    return min(found, key=lambda one: one[0])[1:] if found else None
