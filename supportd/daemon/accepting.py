"""Somebody accepts an invitation by its page: everything is checked before the invitation is used up."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from supportd.engine import entering
from supportd.engine.unit import NewPerson
from supportd.matrix.errors import Refused, SlowDown
from supportd.sdk._names import name_fits, visible
from supportd.sdk.ids import UserId
from supportd.web.doors import OpenInvitation

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import UnitOfWork
    from supportd.matrix.errors import MatrixError
    from supportd.sdk.facts import Group

_USER: Final = re.compile(r"@[^:\s@]{1,200}:[^\s@]{1,200}")
_LOCALPART: Final = re.compile(r"[a-z0-9._-]{1,40}")
#: Characters of a password, long enough not to be guessed.
LEAST_PASSWORD: Final = 10
MOST_PASSWORD: Final = 400
LOCALPART: Final = "A user name has small letters from a to z, digits, dots, _ and - only, up to 40."
TOO_SHORT: Final = "A password has at least 10 characters. A few words that nobody guesses are good."
BUSY: Final = "Many people are joining at the moment. Please try again in a minute."
NOT_MADE: Final = "The server makes no account at the moment. Please ask whoever gave you the link."
_NOT_MADE: Final = {
    "M_USER_IN_USE": "Somebody has this user name already. Please choose another.",
    "M_EXCLUSIVE": "Somebody has this user name already. Please choose another.",
    "M_INVALID_USERNAME": LOCALPART,
    "M_WEAK_PASSWORD": "The server wants a longer password. A few words that nobody guesses are good.",
}
OVER: Final = "This invitation does not work any more. Please ask for a new one."
ADDRESS: Final = "Write the whole address of your account, such as @name:{server}."
ELSEWHERE: Final = "The group's rooms are on {server}, and closed to other servers. Please use an account there."
NAME: Final = "A name has up to 40 letters in one line. Please choose a shorter one, or none."
SHUT: Final = "The group lets nobody in at the moment. Please try again tomorrow, or ask whoever gave you the link."


def look(uow: UnitOfWork, dispatcher: Dispatcher, token: str, now: datetime, *, makes_accounts: bool = False) -> OpenInvitation | None:
    """Return what the page shows while an invitation works."""
    found = uow.invitations.find(token, now)
    if found is None:
        return None
    group = uow.groups.facts(found.group, now)
    return OpenInvitation(group.name, dispatcher.server, group.style.language, makes_accounts)


def accept(uow: UnitOfWork, dispatcher: Dispatcher, token: str, user: str, name: str, now: datetime) -> str | None:
    """Enter ``user`` once; returns a sentence when that cannot be, and the invitation works on."""
    refused = problem(uow, dispatcher, token, user, name, now)
    found = uow.invitations.find(token, now)
    if refused is not None or found is None:
        return refused or OVER
    address, name = UserId(user.strip()), visible(name)
    group = uow.groups.facts(found.group, now)
    if not uow.invitations.use(token, now):
        return OVER
    if uow.strangers.is_kept_out(found.group, address) or uow.people.by_user(found.group, address) is not None:
        # Whoever has a link must not learn by it who is in the group, or who is not to be: they read what everybody reads, once.
        return None
    # Nor what people there are called: a name that is taken gives way, and can be changed inside.
    chosen = next(one for one in (name, found.name, address[1:].partition(":")[0], address) if one and group.called(one) is None)
    new = NewPerson(user=address, name=chosen, roles=frozenset({"member"}), occasion=found.occasion)
    id_ = f"form:{hashlib.sha256(token.encode()).hexdigest()[:32]}"
    entering.enter(uow, dispatcher, group.id, new, id_, now)
    return None


def problem(uow: UnitOfWork, dispatcher: Dispatcher, token: str, user: str, name: str, now: datetime) -> str | None:
    """Say why an invitation cannot be used for this account and name, ``None`` when it can; uses nothing up."""
    found = uow.invitations.find(token, now)
    if found is None:
        return OVER
    return _problem(dispatcher, uow.groups.facts(found.group, now), UserId(user.strip()), visible(name))


def bad_account(username: str, password: str) -> str | None:
    """Say what is wrong with a user name or password before the homeserver is asked."""
    if not _LOCALPART.fullmatch(username):
        return LOCALPART
    return TOO_SHORT if len(password) < LEAST_PASSWORD or len(password) > MOST_PASSWORD else None


def not_made(error: MatrixError) -> str:
    """Say in a sentence why the homeserver made no account."""
    if isinstance(error, SlowDown):
        return BUSY
    return _NOT_MADE.get(error.code, NOT_MADE) if isinstance(error, Refused) else NOT_MADE


def _problem(dispatcher: Dispatcher, group: Group, user: UserId, name: str) -> str | None:
    """Say why somebody cannot be entered with this account and name."""
    server = dispatcher.server
    if not _USER.fullmatch(user):
        return ADDRESS.format(server=server)
    if group.shut is not None:
        return SHUT
    if entering.other_server(dispatcher, user) is not None:
        return ELSEWHERE.format(server=server)
    return NAME if name and not name_fits(name) else None
