"""What each room of a group is declared to be at this moment, and who has which level of power in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.effects import MendRoom
from supportd.sdk.rooms import KEY_MEMBER_LEVEL, OWNER_LEVEL, SETTINGS_LEVEL, Difference, described, differences
from supportd.sdk.settings import render
from supportd_confidential_rooms import kinds
from supportd_confidential_rooms.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.facts import Group, Person, Room
    from supportd.sdk.ids import PersonId, RoomId
    from supportd.sdk.rooms import Listening, RoomSpec, Setting
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore
    from supportd_confidential_rooms.templates import Template

#: Keys of the two rooms that every group has.
SPACE: Final = "space"
CIRCLE: Final = "circle"
#: The state of a room that is not there any more.
GONE: Final = "gone"
#: People who can never be shut out of a room: two, so that nobody is left alone with it.
OWNERS: Final = 2
#: The fact that says since when a room has a gate, and the consent that opens it.
GATE: Final = "gate:"
RULES: Final = "ground_rules"
#: The level of somebody who may read and not write.
MUTED: Final = -1


@dataclass(frozen=True, slots=True)
class Declared:
    """One room: what it is, its row, its template, and what it is to be now."""

    room: Room
    row: Mapping[str, Any]
    template: Template
    spec: RoomSpec
    levels: tuple[tuple[PersonId, int], ...]
    links: tuple[RoomId, ...] | None

    @property
    def shut(self) -> bool:
        """Whether nobody may write or come in at the moment."""
        return self.row["state"] in {"locked", "closed"}

    def odd(self) -> tuple[Difference, ...]:
        """Return what differs from what is seen; nothing before it was looked at, and nothing where we are not."""
        if self.room.now is None or self.spec.listening == "absent":
            return ()
        return differences(self.spec, self.room.now, dict(self.levels), self.links)

    def mend(self) -> MendRoom:
        """Return the effect that brings the room to this."""
        return MendRoom(room=self.room.id, spec=self.spec, levels=self.levels, links=self.links)


def all_of(group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Declared]:
    """Yield every room of the group that has a template, in the order they were made."""
    for room in group.rooms:
        found = of(group, store, settings, room)
        if found is not None:
            yield found


def of(group: Group, store: RoomStore, settings: RoomSettings, room: Room) -> Declared | None:
    """Return what a room is declared to be, ``None`` for a direct chat, rooms of other plugins and rooms that are not there any more."""
    row = store.room(room.key)
    if room.direct_with is not None or row is None or row["state"] == GONE:
        return None
    template = kinds.of(store).get(row["template"])
    if template is None:
        return None
    name = room.spec.name if room.spec is not None else name_of(group, settings, room.key)
    spec = spec_for(group, template, name, listening=room.listening, keep_days=row["keep_days"])
    panic = group.shut is not None and template.kind != "space"
    if row["state"] in {"locked", "closed"} or panic:
        spec = shut(spec, talk=row["state"] in {"locked", "closed"})
    levels = dict(levels_of(group, template, store.places(room.key, "in"), store.gone()))
    if panic:
        levels |= {one: MUTED for one in newcomers(group, settings) if one not in levels}
    levels |= {one: MUTED for one in _before_the_gate(group, store, room) if one not in levels}
    return Declared(room, row, template, spec, tuple(sorted(levels.items())), links_of(group, template, room, row))


def spec_for(group: Group, template: Template, name: str, *, listening: Listening | None = None, keep_days: int | None = None) -> RoomSpec:
    """Return what a room of this template is declared to be in this group; what is not given is as in the template."""
    level = listening or template.listening
    days = template.keep_days if keep_days is None else keep_days
    note = "" if template.kind == "space" else TEXTS.get(f"topic_{level}", group.style.language, group.style.edition)
    if note and days and level != "absent":
        note += " " + TEXTS.get("topic_keep", group.style.language, group.style.edition, days=str(days))
    if template.join == "knock" and template.questions and note:
        asks = TEXTS.get("topic_questions", group.style.language, group.style.edition, questions=template.questions)
        note += f" {asks}"
    return replace(template.spec(name, note=note), listening=level)


def shut(spec: RoomSpec, *, talk: bool) -> RoomSpec:
    """Return ``spec`` with its doors shut; with ``talk`` nobody writes either."""
    powers = replace(spec.powers, invite=SETTINGS_LEVEL)
    return replace(spec, join_rule="invite", powers=replace(powers, talk=SETTINGS_LEVEL) if talk else powers)


def name_of(group: Group, settings: RoomSettings, key: str) -> str:
    """Return the name that the settings give to one of the two rooms every group has."""
    return render(settings.space_name if key == SPACE else settings.circle_name, group=group.name)


def owners(group: Group, among: tuple[PersonId, ...] | None = None, gone: frozenset[PersonId] = frozenset()) -> tuple[PersonId, ...]:
    """Return the two people who own a room: those with the role, then other key members; ``among`` them first; not who is ``gone``."""
    able = [one.id for one in (*group.with_role("owner"), *group.key_members) if one.has_account and one.id not in gone]
    first = [one for one in able if among is not None and one in among]
    return tuple(dict.fromkeys([*first, *able]))[:OWNERS]


def levels_of(
    group: Group, template: Template, asked: tuple[PersonId, ...], gone: frozenset[PersonId] = frozenset()
) -> tuple[tuple[PersonId, int], ...]:
    """Return who has a level of their own in a room; ``asked``: whom it was made for, ``gone``: who is on a break or leaves."""
    wanted = people_of(group, template, asked, gone)
    levels = {one.id: KEY_MEMBER_LEVEL for one in group.key_members if one.id in wanted and one.has_account}
    if template.owners:
        levels |= dict.fromkeys(owners(group, None if template.people == "everybody" else asked, gone), OWNER_LEVEL)
    return tuple(sorted(levels.items()))


def people_of(
    group: Group, template: Template, asked: tuple[PersonId, ...], gone: frozenset[PersonId] = frozenset()
) -> tuple[PersonId, ...]:
    """Return everybody who belongs in a room, those first who hold it; not who is ``gone``."""
    wanted: tuple[PersonId, ...] = asked
    if template.people == "everybody":
        wanted = tuple(one.id for one in group.people)
    if template.people == "key members":
        wanted = tuple(one.id for one in group.key_members)
    held = owners(group, None if template.people == "everybody" else asked, gone) if template.owners else ()
    able = {one.id for one in group.people if one.has_account and one.id not in gone}
    return tuple(one for one in dict.fromkeys([*held, *wanted]) if one in able)


def links_of(group: Group, template: Template, room: Room, row: Mapping[str, Any]) -> tuple[RoomId, ...] | None:
    """Return the spaces a room is to be shown in: the group's for rooms of everybody, none for all others."""
    space = group.room(SPACE)
    if template.kind == "space":
        # What it shows is kept in order by its rooms' own links.
        return None
    shown = space is not None and template.people == "everybody" and row["state"] != "closed" and room.listening != "absent"
    return (space.id,) if shown and space is not None else ()


def newcomers(group: Group, settings: RoomSettings) -> tuple[PersonId, ...]:
    """Return who came into the group a short while ago and helps to run nothing."""
    since = group.now - timedelta(days=settings.newcomer_days)
    return tuple(one.id for one in group.people if _is_new(one, since))


def _before_the_gate(group: Group, store: RoomStore, room: Room) -> tuple[PersonId, ...]:
    """Return who came after the room's gate was set and has not agreed to the ground rules."""
    since = store.fact(GATE + room.key)
    if since is None:
        return ()
    new = [one for one in group.people if _is_new(one, datetime.fromisoformat(since))]
    return tuple(one.id for one in new if (agreed := group.consent(one.id, RULES)) is None or not agreed.given)


def _is_new(person: Person, since: object) -> bool:
    return person.added is not None and person.added > since and person.roles <= {"member"} and person.has_account  # type: ignore[operator]


def who_hears(group: Group, declared: Declared) -> tuple[Person, ...]:
    """Return the key members who may hear of a room: of a private one only those who are in it."""
    able = [one for one in group.key_members if one.has_account]
    if declared.template.private or declared.template.people == "asked":
        able = [one for one in able if one.id in declared.room.joined]
    return tuple(able)


def who_is_told(group: Group, declared: Declared) -> tuple[Person, ...]:
    """Return who is told what became of a room: who may hear of it; where that is nobody, those who are in it."""
    inside = [one for one in group.people if one.id in declared.room.joined and one.has_account]
    return who_hears(group, declared) or tuple(inside)


def no_louder(template: Template, *rooms: Declared) -> Template:
    """Return ``template`` so that a room that follows others hears and keeps no more than each of them: that took two yes."""
    quiet = any(one.spec.listening == "doorkeeper" for one in rooms)
    days = [one.row["keep_days"] for one in rooms if one.row["keep_days"]]
    listening: Listening = "doorkeeper" if quiet and template.listening == "reader" else template.listening
    return replace(template, listening=listening, keep_days=min(days, default=template.keep_days))


def described_all(one: Declared) -> tuple[tuple[Setting, str], ...]:
    """Return what a room is declared to be, in words."""
    return described(one.spec)
