"""What people may ask of the rooms, in a terminal or in a direct chat, and the answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from supportd.sdk.commands import Command, Parameter
from supportd.sdk.effects import Reply
from supportd.sdk.rooms import name_problem
from supportd_confidential_rooms import closing, declared, drift, kinds, listening, making, panic, strangers, talking
from supportd_confidential_rooms.templates import CannotChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import CommandGiven
    from supportd.sdk.facts import Group, Person
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

_KEY: Final = Parameter(name="room", help="The room's word, see rooms list.")
_TEMPLATE: Final = Parameter(name="template", help="Which template, see rooms templates.")
COMMANDS: Final = (
    Command(name="rooms list", help="Show the group's rooms and their settings."),
    Command(name="rooms audit", help="Compare each room with what it was declared to be; status 1 when something differs."),
    Command(name="rooms levels", help="Show what works at which listening level.", who="anyone"),
    Command(
        name="rooms templates",
        help="Show the kinds of room there are, or all of one.",
        parameters=(Parameter(name="template", help="Which one.", default=""),),
    ),
    Command(
        name="rooms change",
        help="Change one field of a template, for all its rooms.",
        who="admin",
        parameters=(_TEMPLATE, Parameter(name="field", help="Which field."), Parameter(name="value", help="Its new value.")),
    ),
    Command(
        name="rooms copy",
        help="Copy a template under a new name.",
        who="admin",
        parameters=(_TEMPLATE, Parameter(name="new", help="The copy's name.")),
    ),
    Command(
        name="rooms create",
        help="Make a room from a template.",
        parameters=(
            _TEMPLATE,
            Parameter(name="called", help="The room's name, in quotation marks; the homeserver can read it."),
            Parameter(name="people", help="Names of those who are invited, with commas; for templates that ask.", default=""),
        ),
    ),
    Command(
        name="rooms listening",
        help="Ask the key members to change a listening level.",
        parameters=(_KEY, Parameter(name="level", help="reader, doorkeeper or absent.")),
    ),
    Command(
        name="rooms cap", help="Set how many people a room has at most.", parameters=(_KEY, Parameter(name="number", help="How many."))
    ),
    Command(name="rooms invite", help="Invite somebody of the group to a room.", parameters=(_KEY, Parameter(name="who", help="Who."))),
    Command(name="rooms close", help="Close a room; what was said stays readable for who was there.", parameters=(_KEY,)),
    Command(
        name="rooms unlock",
        help="Open a room again that was locked because a setting could not be set back.",
        who="admin",
        parameters=(_KEY,),
    ),
    *strangers.COMMANDS,
    Command(name="talk", help="Ask for a private talk with the key member on duty.", who="anyone"),
    Command(name="i need to talk", help="The same as talk.", who="anyone"),
    Command(name="panic", help="Shut the group at once."),
    Command(name="open again", help="Ask the key members to open the group again after a panic."),
)


class Given:
    """One command and all that is known at that moment."""

    def __init__(self, event: CommandGiven, group: Group, store: RoomStore, settings: RoomSettings) -> None:
        """Take what the hook gets."""
        self.event, self.group, self.store, self.settings = event, group, store, settings

    def arg(self, name: str) -> str:
        """Return one of the words."""
        return self.event.args.get(name, "").strip()

    def room(self) -> declared.Declared | None:
        """Return the room that is meant, by its word."""
        found = self.group.room(self.arg("room"))
        return declared.of(self.group, self.store, self.settings, found) if found is not None else None


def answer(given: Given) -> Iterator[Effect]:
    """Carry out a command."""
    making.adopt(given.group, given.store)
    yield from _DOING[given.event.name](given)


def _list(given: Given) -> Iterator[Effect]:
    rows: list[dict[str, object]] = []
    for one in declared.all_of(given.group, given.store, given.settings):
        waiting = len(given.store.places(one.room.key, "waiting"))
        about = {
            "room": one.room.key,
            "template": one.template.key,
            "state": one.row["state"],
            "people": len(one.room.joined),
            "cap": one.row["cap"],
        }
        rows.append({**about, "waiting": waiting, **dict(declared.described_all(one))})
    making_now = [row["key"] for row in given.store.all_rooms() if row["state"] == "making" and given.group.room(row["key"]) is None]
    lines = [
        ", ".join(f"{name} {value}" if name != "room" else f"{value}:" for name, value in row.items() if name != "power").replace(":,", ":")
        for row in rows
    ]
    lines += [f"{key}: is being made" for key in making_now]
    yield Reply(text="\n".join(lines) or "There are no rooms yet.", data=json.dumps({"rooms": rows, "making": making_now}))


def _audit(given: Given) -> Iterator[Effect]:
    rows, odd = drift.audit(given.group, given.store, given.settings)
    lines = [_audit_line(row) for row in rows]
    told = (
        "Every room is as declared." if odd == 0 else f"{odd} settings are not as declared; supportd sets them back or has locked the room."
    )
    yield Reply(text="\n".join([*lines, told]), data=json.dumps({"settings": rows, "differences": odd}), status=1 if odd else 0)


def _audit_line(row: dict[str, object]) -> str:
    sign = {True: "ok   ", False: "DRIFT", None: "-    "}[row["as declared"]]  # type: ignore[index]  # one of the three
    by = f", by {row['by']}" if row.get("by") else ""
    tail = "" if row["as declared"] else f", found: {row['found']}{by}"
    return f"{sign} {row['room']} · {row['setting']}: {row['declared']}{tail}"


def _levels(given: Given) -> Iterator[Effect]:
    del given
    head = ("", *reversed(listening.LEVELS))
    lines = [" | ".join(head), *[" | ".join(one) for one in listening.FEATURES]]
    data = [{"feature": name, "reader": reader, "doorkeeper": door, "absent": absent} for name, reader, door, absent in listening.FEATURES]
    yield Reply(text="\n".join(lines), data=json.dumps({"levels": data}))


def _templates(given: Given) -> Iterator[Effect]:
    known, key = kinds.of(given.store), given.arg("template")
    if not key:
        lines = [f"{one.key}: {one.title}. {one.about}" for one in known.values()]
        yield Reply(text="\n".join(lines), data=json.dumps({"templates": {one.key: dict(one.rows()) for one in known.values()}}))
    elif key in known:
        yield Reply(
            text="\n".join(f"{name}: {value}" for name, value in known[key].rows()), data=json.dumps({"template": dict(known[key].rows())})
        )
    else:
        yield Reply(text=kinds.unknown(given.store, key), status=1)


def _change(given: Given) -> Iterator[Effect]:
    try:
        made = kinds.change(given.store, given.arg("template"), given.arg("field"), given.arg("value"))
    except CannotChange as problem:
        yield Reply(text=str(problem), status=1)
        return
    for one in declared.all_of(given.group, given.store, given.settings):
        if one.template.key == made.key and one.spec.listening != "absent":
            yield one.mend()
    yield Reply(text=f"The template {made.key} is changed, and its rooms with it. A room's own cap and listening level stay as they are.")


def _copy(given: Given) -> Iterator[Effect]:
    try:
        made = kinds.copy(given.store, given.arg("template"), given.arg("new"))
    except CannotChange as problem:
        yield Reply(text=str(problem), status=1)
        return
    yield Reply(text=f"The template {made.key} is there; change it with: rooms change {made.key} FIELD VALUE.")


def _create(given: Given) -> Iterator[Effect]:
    name, known = given.arg("called"), kinds.of(given.store)
    template = known.get(given.arg("template"))
    key = making.key_of(name)
    people, missing = _people(given)
    problem = ""
    if template is None:
        problem = kinds.unknown(given.store, given.arg("template"))
    elif template.kind == "space" or template.key in {"circle", "talk"}:
        problem = f"A room of the kind {template.key} is made by supportd itself: copy the template to make another one like it."
    elif bad := name_problem(name):
        problem = bad
    elif missing:
        problem = f"There is nobody called “{missing[:40]}” with a chat account in the group's people: see people list."
    elif template.people == "asked" and not people:
        problem = f"Say whom the room is for: rooms create {template.key} “{name}” NAME,NAME."
    elif template.people == "asked" and len(people) > template.cap:
        problem = f"A room of this kind has at most {template.cap} people: name fewer, or change the template's cap."
    elif given.store.room(key) is not None or given.group.room(key) is not None:
        problem = f"There is a room “{key}” already: choose another name."
    if problem or template is None:
        yield Reply(text=problem, status=1)
        return
    yield from making.make(
        given.group, given.store, template, name, key=key, people=tuple(one.id for one in people), asked_by=given.event.by
    )
    yield Reply(text=f"The room {key} is being made, and its people are invited.", data=json.dumps({"room": key}))


def _people(given: Given) -> tuple[list[Person], str]:
    """Return the people that are named, and the first name that is nobody's."""
    found: list[Person] = []
    for name in filter(None, (one.strip() for one in given.arg("people").split(","))):
        able = [one for one in given.group.people if one.has_account and one.name.casefold() == name.casefold()]
        if not able:
            return found, name
        found.append(able[0])
    return list(dict.fromkeys(found)), ""


def _listening(given: Given) -> Iterator[Effect]:
    yield from listening.wanted(given.group, given.room(), given.arg("level"), given.arg("room"))


def _cap(given: Given) -> Iterator[Effect]:
    one, number = given.room(), given.arg("number")
    if one is None:
        yield _no_room(given)
    elif not number.isascii() or not number.isdecimal() or not 2 <= int(number[:6]) <= 250:  # noqa: PLR2004 - see templates.BOUNDS
        yield Reply(text="A room has 2 to 250 people at most.", status=1)
    else:
        given.store.settle(one.room.key, cap=int(number))
        yield Reply(text=f"The room {one.room.key} has at most {number} people now. Nobody is sent away.")
        yield from making.moved_up(given.group, given.store, one.room)


def _invite(given: Given) -> Iterator[Effect]:
    one = given.room()
    person = next((each for each in given.group.people if each.name.casefold() == given.arg("who").casefold()), None)
    if one is None:
        yield _no_room(given)
    elif person is None or not person.has_account:
        yield Reply(text="There is nobody of this name with a chat account in the group's people: see people list.", status=1)
    elif person.id in one.room.joined:
        yield Reply(text=f"{person.name} is in this room already.")
    elif one.shut or given.group.shut is not None:
        yield Reply(text="Nobody is let into this room at the moment.", status=1)
    else:
        yield from making.let_in(given.group, given.store, one.room, person.id)
        waits = person.id in given.store.places(one.room.key, "waiting")
        yield Reply(text=f"The room is full; {person.name} is on its waiting list." if waits else f"{person.name} is invited.")


def _close(given: Given) -> Iterator[Effect]:
    yield from closing.wanted(given.group, given.room(), given.arg("room"))


def _unlock(given: Given) -> Iterator[Effect]:
    one = given.room()
    if one is None:
        yield _no_room(given)
    elif one.row["state"] != "locked":
        yield Reply(text="This room is not locked.")
    else:
        given.store.settle(one.room.key, state="open")
        opened = declared.of(given.group, given.store, given.settings, one.room)
        if opened is not None:
            yield opened.mend()
        yield Reply(text=f"The room {one.room.key} is open again; it is locked anew if its settings still cannot be set back.")


def _talk(given: Given) -> Iterator[Effect]:
    if given.event.by is None:
        yield Reply(text="Only somebody of the group can ask for a talk, in their direct chat.", status=1)
    else:
        yield from talking.asked(given.group, given.store, given.settings, given.event.by)


def _panic(given: Given) -> Iterator[Effect]:
    yield from panic.shut(given.group, given.store, given.settings, given.event.by)


def _open(given: Given) -> Iterator[Effect]:
    yield from panic.open_wanted(given.group)


def _no_room(given: Given) -> Reply:
    return Reply(text=f"There is no room “{given.arg('room')[:40]}”: see rooms list.", status=1)


_DOING: Final[dict[str, Callable[[Given], Iterator[Effect]]]] = {
    "rooms list": _list,
    "rooms audit": _audit,
    "rooms levels": _levels,
    "rooms templates": _templates,
    "rooms change": _change,
    "rooms copy": _copy,
    "rooms create": _create,
    "rooms listening": _listening,
    "rooms cap": _cap,
    "rooms invite": _invite,
    "rooms close": _close,
    "rooms unlock": _unlock,
    "rooms strangers": strangers.shown,
    "rooms remove": strangers.remove,
    "talk": _talk,
    "i need to talk": _talk,
    "panic": _panic,
    "open again": _open,
}
