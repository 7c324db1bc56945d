"""Somebody accepts an invitation by its page: everything is checked before the invitation is used up."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from supportd.engine import entering
from supportd.engine.unit import NewPerson
from supportd.sdk._names import name_fits, visible
from supportd.sdk.ids import UserId
from supportd.web.doors import OpenInvitation

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import Invitation, UnitOfWork
    from supportd.sdk.facts import Group

_USER: Final = re.compile(r"@[^:\s@]{1,200}:[^\s@]{1,200}")
OVER: Final = "This invitation does not work any more. Please ask for a new one."
ADDRESS: Final = "Write the whole address of your account, such as @name:{server}."
ELSEWHERE: Final = "The group's rooms are on {server}, and closed to other servers. Please use an account there."
NOT_THIS: Final = "This does not work with this account. Please ask whoever gave you the link."
IN_IT: Final = "This account is in the group already. There is nothing for you to do."
NAME: Final = "A name has up to 40 letters in one line. Please choose a shorter one, or none."
TAKEN: Final = "Somebody in the group has this name already. Please choose another."
SHUT: Final = "The group lets nobody in at the moment. Please try again tomorrow, or ask whoever gave you the link."


def look(uow: UnitOfWork, dispatcher: Dispatcher, token: str, now: datetime) -> OpenInvitation | None:
    """Return what the page shows while an invitation works."""
    found = uow.invitations.find(token, now)
    if found is None:
        return None
    group = uow.groups.facts(found.group, now)
    return OpenInvitation(group.name, dispatcher.server, group.style.language)


def accept(uow: UnitOfWork, dispatcher: Dispatcher, token: str, user: str, name: str, now: datetime) -> str | None:
    """Enter ``user`` once; returns a sentence when that cannot be, and the invitation works on."""
    found = uow.invitations.find(token, now)
    if found is None:
        return OVER
    address, name = UserId(user.strip()), visible(name)
    group = uow.groups.facts(found.group, now)
    if (problem := _problem(uow, dispatcher, group, found, address, name)) is not None:
        return problem
    if not uow.invitations.use(token, now):
        return OVER
    chosen = name or found.name
    # The name that the link was made for may have been taken meanwhile; theirs to change, and no reason to keep them waiting.
    chosen = chosen if group.called(chosen) is None else address[1:].partition(":")[0]
    new = NewPerson(user=address, name=chosen, roles=frozenset({"member"}))
    id_ = f"form:{hashlib.sha256(token.encode()).hexdigest()[:32]}"
    entering.enter(uow, dispatcher, group.id, new, id_, now)
    return None


def _problem(uow: UnitOfWork, dispatcher: Dispatcher, group: Group, found: Invitation, user: UserId, name: str) -> str | None:
    """Say why somebody cannot be entered with this account and name."""
    server = dispatcher.server
    if not _USER.fullmatch(user):
        return ADDRESS.format(server=server)
    if group.shut is not None:
        return SHUT
    if entering.other_server(dispatcher, user) is not None:
        return ELSEWHERE.format(server=server)
    if uow.strangers.is_kept_out(found.group, user):
        return NOT_THIS
    if uow.people.by_user(found.group, user) is not None:
        return IN_IT
    if name and not name_fits(name):
        return NAME
    return TAKEN if name and group.called(name) is not None else None
