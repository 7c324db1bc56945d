"""The answers to what people ask of the rooms, in a terminal or in a direct chat."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.effects import Reply
from supportd.sdk.rooms import name_problem
from supportd_confidential_rooms import (
    closing,
    declared,
    drift,
    gating,
    keeping,
    kinds,
    leaving,
    listening,
    making,
    merging,
    pairing,
    panic,
    pausing,
    refused,
    reviewing,
    strangers,
    talking,
)
from supportd_confidential_rooms.templates import CannotChange, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Person
    from supportd_confidential_rooms.given import Given


def answer(given: Given) -> Iterator[Effect]:
    """Carry out a command."""
    making.adopt(given.group, given.store)
    yield from _DOING[given.event.name](given)


def _list(given: Given) -> Iterator[Effect]:
    rows: list[dict[str, object]] = []
    for one in given.rooms():
        waiting = len(given.store.places(one.room.key, "waiting"))
        about = {
            "room": one.room.key,
            "template": one.template.key,
            "state": one.row["state"],
            "people": len(one.room.joined),
            "cap": one.row["cap"],
            "keep_days": one.row["keep_days"],
        }
        rows.append({**about, "waiting": waiting, **dict(declared.described_all(one))})
    making_now = [row["key"] for row in given.store.all_rooms() if row["state"] == "making" and _may_be_named(given, row)]
    lines = [
        ", ".join(f"{name} {value}" if name != "room" else f"{value}:" for name, value in row.items() if name != "power").replace(":,", ":")
        for row in rows
    ]
    lines += [f"{key}: is being made" for key in making_now]
    yield Reply(text="\n".join(lines) or "There are no rooms yet.", data=json.dumps({"rooms": rows, "making": making_now}))


def _may_be_named(given: Given, row: Mapping[str, Any]) -> bool:
    """Tell whether a room that is not there yet may be named: of a private one nobody in chat hears before they are invited."""
    template = kinds.of(given.store).get(row["template"])
    open_to_all = given.event.by is None or (template is not None and not template.private)
    return open_to_all and given.group.room(row["key"]) is None


def _audit(given: Given) -> Iterator[Effect]:
    rows, odd = drift.audit(given.group, given.rooms())
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
    yield Reply(
        text=f"The template {made.key} is changed, and its rooms with it. A room's own cap, listening level and days of keeping stay."
    )


def _copy(given: Given) -> Iterator[Effect]:
    try:
        made = kinds.copy(given.store, given.arg("template"), given.arg("new"))
    except CannotChange as problem:
        yield Reply(text=str(problem), status=1)
        return
    yield Reply(text=f"The template {made.key} is there; change it with: rooms change {made.key} FIELD VALUE.")


def create(given: Given) -> Iterator[Effect]:
    """Make a room from a template, or say why there can be none."""
    template, name = kinds.of(given.store).get(given.arg("template")), given.arg("called")
    problem = cannot_create(given)
    if problem or template is None:
        yield Reply(text=problem, status=1)
        return
    key, chosen = making.key_of(name), tuple(one.id for one in given.people(given.arg("people"))[0])
    if key in {declared.SPACE, declared.CIRCLE}:
        name = declared.name_of(given.group, given.settings, key)
    yield from making.make(given.group, given.store, template, name, key=key, people=chosen, asked_by=given.event.by)
    ends = f" It closes by itself after {days} days." if (days := making.ends_after(template)) else ""
    yield Reply(text=f"The room {key} is being made, and its people are invited.{ends}", data=json.dumps({"room": key}))


def cannot_create(given: Given) -> str:
    """Say why there can be no such room, in a sentence; nothing for one that can be made."""
    template, name = kinds.of(given.store).get(given.arg("template")), given.arg("called")
    people, missing = given.people(given.arg("people"))
    return _cannot_make(given, template, name) or _cannot_invite(template, name, people, missing)


def _cannot_make(given: Given, template: Template | None, name: str) -> str:
    """Say why there can be no room of this kind and name."""
    if template is None:
        return kinds.unknown(given.store, given.arg("template"))
    if given.group.shut is not None:
        return "The group is shut at the moment: two key members can open it again, and then a room can be made."
    key = making.key_of(name)
    known = given.store.room(key)
    again = known is not None and known["state"] == declared.GONE
    if template.private or ((template.kind == "space" or template.key == declared.CIRCLE) and not (again and key == template.key)):
        other = _OTHER_WAYS.get(template.base, "supportd itself; copy the template to make another one like it")
        return f"A room of the kind {template.key} is made by {other}."
    if bad := name_problem(name):
        return bad
    if not again and (known is not None or given.group.room(key) is not None):
        return f"There is a room “{key}” already: choose another name."
    return ""


#: How private rooms come to be: each with a yes of its own.
_OTHER_WAYS: Final = {
    "talk": "asking for it: whoever wants to talk writes talk",
    "buddies": "asking both people: buddies NAME NAME",
    "review": "asking two key members: rooms review NAME,NAME about NAME",
}


def _cannot_invite(template: Template | None, name: str, people: list[Person], missing: str) -> str:
    """Say what is wrong with the people a room is for."""
    if template is None:
        return ""
    if missing:
        return f"There is nobody called “{missing[:40]}” with a chat account in the group's people: see people list."
    if template.people != "asked":
        return (
            f"Whom a room of the kind {template.key} is for stands in its template ({template.people}): leave the names out."
            if people
            else ""
        )
    if not people:
        return f"Say whom the room is for: rooms create {template.key} “{name}” NAME,NAME."
    if len(people) > template.cap:
        return f"A room of this kind has at most {template.cap} people: name fewer, or change the template's cap."
    return ""


def _listening(given: Given) -> Iterator[Effect]:
    yield from listening.wanted(given.group, given.room(), given.arg("level"), given.arg("room"))


def _cap(given: Given) -> Iterator[Effect]:
    one, number = given.room(), given.arg("number")
    if one is None:
        yield given.no_room()
    elif not number.isascii() or not number.isdecimal() or not 2 <= int(number[:6]) <= 250:  # noqa: PLR2004 - see templates.BOUNDS
        yield Reply(text="A room has 2 to 250 people at most.", status=1)
    elif one.template.private:
        yield Reply(text="Who is in a private room was promised that it is for them alone: its number of people stays as it is.", status=1)
    else:
        given.store.settle(one.room.key, cap=int(number))
        yield Reply(text=f"The room {one.room.key} has at most {number} people now. Nobody is sent away.")
        yield from making.moved_up(given.group, given.store, one.room)


def _invite(given: Given) -> Iterator[Effect]:
    one, person = given.room(), given.person(given.arg("who"))
    if one is None:
        yield given.no_room()
    elif person is None:
        yield Reply(text="There is nobody of this name with a chat account in the group's people: see people list.", status=1)
    elif problem := _cannot_come(one, person):
        yield Reply(text=problem, status=1)
    elif person.id in one.room.joined:
        yield Reply(text=f"{person.name} is in this room already.")
    elif one.shut or given.group.shut is not None:
        yield Reply(text="Nobody is let into this room at the moment.", status=1)
    else:
        refused.wanted_by(given.group, given.store, one.room.key, person.id, given.event.by)
        yield from making.let_in(given.group, given.store, one.room, person.id)
        waits = person.id in given.store.places(one.room.key, "waiting")
        if waits:
            refused.reached(given.store, one.room.key, person.id)
        space = given.group.room(declared.SPACE)
        if space is not None and given.store.state_of(space.key, person.id) == refused.BLOCKED:
            # Where they could not be invited to a room they could not be to the space either.
            yield from making.let_in(given.group, given.store, space, person.id)
        yield Reply(text=f"The room is full; {person.name} is on its waiting list." if waits else f"{person.name} is invited.")


def _keep(given: Given) -> Iterator[Effect]:
    yield from keeping.wanted(given.group, given.room(), given.arg("days"), given.arg("room"), given.event.by)


def _cannot_come(one: declared.Declared, person: Person) -> str:
    """Say why somebody cannot be in a private room, to somebody who is in it."""
    if one.template.base in {"talk", "buddies"}:
        return "This room is for the two who are in it, and for nobody else."
    if one.template.base == "review" and person.id == one.row["about"]:
        return "This review is about them: they cannot be in it."
    if one.template.base == "review" and "key_member" not in person.roles:
        return "A review is for key members."
    return ""


def _close(given: Given) -> Iterator[Effect]:
    yield from closing.wanted(given.group, given.room(), given.arg("room"))


def _unlock(given: Given) -> Iterator[Effect]:
    one = given.room()
    if one is None:
        yield given.no_room()
    elif one.row["state"] != "locked":
        yield Reply(text="This room is not locked.")
    else:
        given.store.settle(one.room.key, state="open")
        drift.unlocked(given.group, given.store, one.room.key)
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


_DOING: Final[dict[str, Callable[[Given], Iterator[Effect]]]] = {
    "rooms list": _list,
    "rooms audit": _audit,
    "rooms levels": _levels,
    "rooms templates": _templates,
    "rooms change": _change,
    "rooms copy": _copy,
    "rooms create": create,
    "rooms listening": _listening,
    "rooms cap": _cap,
    "rooms invite": _invite,
    "rooms keep": _keep,
    "rooms gate": gating.wanted,
    "rooms close": _close,
    "rooms unlock": _unlock,
    "rooms strangers": strangers.shown,
    "rooms remove": strangers.remove,
    "talk": _talk,
    "i need to talk": _talk,
    "rooms merge": merging.wanted,
    "rooms review": reviewing.wanted,
    "buddies": pairing.proposed,
    "buddy": pairing.wanted,
    "take a break": pausing.wanted,
    "pause": pausing.wanted,
    "back": pausing.back,
    "zurück": pausing.back,
    "leave": leaving.wanted,
    "verlassen": leaving.wanted,
    "panic": _panic,
    "open again": _open,
}
