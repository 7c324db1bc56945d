"""``people keep-out | readmit``: who is not to be admitted, remembered as a keyed hash and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine import strangers
from supportd.engine.words.desk import Said, Unusable

if TYPE_CHECKING:
    from supportd.engine.words.desk import Desk
    from supportd.sdk.ids import UserId


def keep_out(desk: Desk, user: UserId) -> Said:
    """Admit an account no more: it cannot be entered, its knocks are answered with no, and where it comes in it is sent away."""
    if desk.uow.people.by_user(desk.group, user) is not None:
        raise Unusable(reason=f"{user} is in the group's people: take them out of the rooms first, and let them be forgotten at the server")
    if not desk.uow.strangers.keep_out(desk.group, user, desk.now):
        return Said("It is so already.", {"added": False})
    desk.journal("Somebody is not to be admitted.")
    for room in desk.uow.strangers.places_of(desk.group, user):
        strangers.send_away(desk.uow, desk.group, room, user, desk.now)
    text = "This account is not admitted any more. Only a hash of it is kept: nobody can list who it is. people readmit undoes it."
    return Said(text, {"added": True, "kept_out": desk.uow.strangers.kept_out(desk.group)})


def readmit(desk: Desk, user: UserId) -> Said:
    """Let an account be entered again."""
    if not desk.uow.strangers.readmit(desk.group, user):
        return Said("This account is not kept out.", {"removed": False})
    desk.journal("Somebody may be admitted again.")
    return Said("This account may be entered again.", {"removed": True, "kept_out": desk.uow.strangers.kept_out(desk.group)})


def check(desk: Desk, user: UserId | None) -> None:
    """Refuse to enter an account that is not to be admitted; raises :class:`Unusable`."""
    if user is not None and desk.uow.strangers.is_kept_out(desk.group, user):
        raise Unusable(reason=f"this account is not to be admitted: people readmit {user} first, if that is over")
