"""``people invite | uninvite``: a link for one person, which works once and for 72 hours."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.engine.unit import Invitation
from supportd.engine.words.desk import Said, Unusable, WordsUnclear
from supportd.sdk._names import name_fits, visible

if TYPE_CHECKING:
    from supportd.engine.words.desk import Desk

#: How long an invitation works.
WORKS_FOR: Final = timedelta(hours=72)
_OCCASION: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def invite(desk: Desk, name: str, occasion: str = "") -> Said:
    """Make a link for one person, to be passed on by whoever asked for it.

    ``occasion``: a word by which the group's own words for them are chosen.
    """
    name, facts = visible(name), desk.facts()
    if occasion and not _OCCASION.fullmatch(occasion):
        raise WordsUnclear(usage="people invite NAME and one word for the occasion, of small letters, digits and hyphens, such as leaflet")
    if not name_fits(name):
        raise WordsUnclear(usage="people invite and a name of 1 to 40 visible letters, in quotation marks if it has blanks")
    if facts.called(name) is not None:
        raise Unusable(reason=f"somebody in the group is called {name} already: take another name, which they can change themselves")
    if not desk.dispatcher.public_url:
        raise Unusable(reason="supportd has no address that others can open: the operator sets web.public_url first")
    if facts.shut is not None:
        raise Unusable(reason="the group is shut at the moment: two key members can open it again")
    token = desk.uow.token("invitation", f"{desk.group}:{desk.id}")
    until = desk.now + WORKS_FOR
    desk.uow.invitations.add(token, Invitation(desk.group, name, until, occasion))
    desk.journal("Somebody was given an invitation.")
    local = facts.local(until)
    link = f"{desk.dispatcher.public_url}/j#{token}"
    text = (
        f"Pass this on to {name} alone; it works once, until {local:%A} {local.day} {local:%B}, {local:%H:%M}. Whoever opens it is asked"
        f" for their account and let in.\n{link}"
    )
    return Said(text, {"link": link, "until": until.isoformat()})


def revoke(desk: Desk) -> Said:
    """Let no open invitation work any more."""
    count = desk.uow.invitations.revoke(desk.group)
    if count:
        desk.journal("Open invitations were taken back.")
    return Said(f"Taken back: {count}." if count else "No invitation is open.", {"taken_back": count})
