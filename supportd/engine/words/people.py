"""``people add | invite | uninvite | take | list | export | forget | trust | keep-out | readmit``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast, get_args

from supportd.engine import entering, forgetting, newkeys
from supportd.engine.task import Task
from supportd.engine.unit import NewPerson
from supportd.engine.words import inviting, keepout
from supportd.engine.words.desk import Said, Unusable, WordsUnclear
from supportd.sdk._names import visible
from supportd.sdk.events import RolesChanged
from supportd.sdk.facts import Role
from supportd.sdk.ids import EventId, UserId

if TYPE_CHECKING:
    from supportd.engine.words.desk import Desk
    from supportd.sdk.facts import Person
    from supportd.sdk.ids import PersonId

USAGE: Final = (
    "people add NAME [MATRIX-ID] [key_member or admin], people take ROLE from NAME, people list, "
    "people invite NAME [OCCASION], people uninvite, people keep-out MATRIX-ID, people readmit MATRIX-ID, "
    "or people export, forget or trust and a NAME"
)
NOT_IN_CHAT: Final = "people list, people add or people take; export, forget and trust are given at the server only"
_USER: Final = re.compile(r"@[^:\s]{1,200}:[^\s]{1,200}")
_LONGEST: Final = 80


def people(desk: Desk) -> Said:
    """List, add, invite, keep out, export or forget people of the group."""
    match desk.words:
        case () | ("list",):
            return _list(desk)
        case ("add", name, *rest):
            return _add(desk, name, rest)
        case ("take", role, "from", name):
            return _take(desk, role.replace("-", "_"), desk.person(name))
        case ("invite" | "uninvite" | "keep-out" | "readmit", *_rest):
            return _at_the_door(desk)
        case ("export" | "forget" | "trust", name):
            return _of_the_server(desk, name)
        case _:
            raise WordsUnclear(usage=USAGE)


def _at_the_door(desk: Desk) -> Said:
    match desk.words:
        case ("invite", name, *occasion) if len(occasion) <= 1:
            return inviting.invite(desk, name, *occasion)
        case ("uninvite",):
            return inviting.revoke(desk)
        case ("keep-out", address):
            return keepout.keep_out(desk, _address(address))
        case ("readmit", address):
            return keepout.readmit(desk, _address(address))
        case _:
            raise WordsUnclear(usage=USAGE)


def _of_the_server(desk: Desk, name: str) -> Said:
    """Do what is for who runs the server only."""
    if desk.by is not None:
        raise WordsUnclear(usage=NOT_IN_CHAT)
    return {"export": _export, "forget": _forget, "trust": _trust}[desk.words[0]](desk, desk.person(name))


def _list(desk: Desk) -> Said:
    rows = [
        {"id": one.id, "name": one.name, "roles": sorted(one.roles), "chat": one.has_account, "language": one.language}
        for one in desk.facts().people
    ]
    lines = [
        f"{row['id']}  {row['name']}  ({', '.join(cast('list[str]', row['roles']))}{'' if row['chat'] else ', not in chat'})"
        for row in rows
    ]
    return Said("\n".join(lines) or "Nobody is entered yet.", {"people": rows})


def _add(desk: Desk, name: str, rest: list[str]) -> Said:
    user = next((UserId(word) for word in rest if word.startswith("@")), None)
    roles = [word.replace("-", "_") for word in rest if not word.startswith("@")]
    if (user is not None and not _USER.fullmatch(user)) or len(rest) - len(roles) > 1 or not set(roles) <= set(get_args(Role)):
        raise WordsUnclear(usage=USAGE)
    name = visible(name)
    if not 0 < len(name) <= _LONGEST:
        raise WordsUnclear(usage=f"a name of 1 to {_LONGEST} visible letters")
    new = NewPerson(user=user, name=name, roles=frozenset({"member", *cast("list[Role]", roles)}))
    if user is not None and (there := desk.uow.people.by_user(desk.group, user)) is not None:
        return _again(desk, there, frozenset(cast("list[Role]", roles)))
    _check_server(desk, user)
    keepout.check(desk, user)
    person = entering.enter(desk.uow, desk.dispatcher, desk.group, new, f"cli:{desk.id}", desk.now)
    return Said(f"{new.name} is in the group's people now.", {"id": person, "added": True})


def _address(word: str) -> UserId:
    if not _USER.fullmatch(word):
        raise WordsUnclear(usage="a whole Matrix id, such as @name:server")
    return UserId(word)


def _check_server(desk: Desk, user: UserId | None) -> None:
    """Refuse somebody who could come into no room and no chat; raises :class:`Unusable`."""
    if user is not None and (problem := entering.other_server(desk.dispatcher, user)) is not None:
        raise Unusable(reason=problem)


def _again(desk: Desk, there: PersonId, roles: frozenset[Role]) -> Said:
    """Give more roles to somebody who is in the group already."""
    known = desk.facts().person(there)
    name, has = (known.name, known.roles) if known is not None else ("", frozenset())
    if roles <= has:
        return Said(f"{name} is in the group already.", {"id": there, "added": False})
    desk.uow.people.set_roles(there, has | roles)
    desk.journal("Somebody got another role.")
    _tell(desk, there)
    return Said(f"{name} is {' and '.join(sorted(roles))} now.", {"id": there, "added": False, "roles": sorted(has | roles)})


def _take(desk: Desk, role: str, person: Person) -> Said:
    """Take a role from somebody, who stays a member; the last admin keeps theirs, or nobody could give it again in chat."""
    if role not in get_args(Role) or role == "member":
        raise WordsUnclear(
            usage=f"people take ROLE from NAME, where ROLE is one of {', '.join(one for one in get_args(Role) if one != 'member')}"
        )
    if role not in person.roles:
        return Said(f"{person.name} is not {role} at the moment.", {"id": person.id, "roles": sorted(person.roles)})
    if role == "admin" and desk.facts().with_role("admin") == (person,):
        raise Unusable(reason=f"{person.name} is the last admin: make somebody else admin first")
    left = person.roles - {role}
    desk.uow.people.set_roles(person.id, left)
    desk.journal("Somebody lost a role.")
    _tell(desk, person.id)
    return Said(
        f"{person.name} is not {role} any more; answers they gave as one count no longer.", {"id": person.id, "roles": sorted(left)}
    )


def _tell(desk: Desk, person: PersonId) -> None:
    """Tell the plugins that somebody's roles are other ones now."""
    event = RolesChanged(id=EventId(f"cli:{desk.id}"), group=desk.group, at=desk.now, person=person)
    desk.dispatcher.handle(desk.uow, Task(event), desk.now)


def _export(desk: Desk, person: Person) -> Said:
    kept: dict[str, object] = {"core": desk.uow.people.export(person.id)}
    for plugin in desk.plugins.names():
        found = desk.plugins.export(plugin, person.id, desk.uow.rows(plugin, desk.group))
        if found:
            kept[plugin] = found
    data = json.loads(json.dumps(kept, default=str))
    return Said(json.dumps(data, indent=2, ensure_ascii=False), {"kept": data})


def _forget(desk: Desk, person: Person) -> Said:
    forgetting.forget(desk.uow, desk.plugins, desk.group, person.id, desk.now)
    text = "Forgotten here. What others have on their devices, in mailboxes or on paper is theirs; that cannot be called back."
    return Said(text, {"id": person.id}, scrub=True)


def _trust(desk: Desk, person: Person) -> Said:
    if not person.has_account:
        raise WordsUnclear(usage="the name of somebody who is in chat")
    newkeys.trust(desk.uow, desk.facts(), person.id, desk.id)
    text = f"The encryption keys that {person.name} uses now are trusted from here on, if they had changed."
    return Said(text, {"id": person.id})
