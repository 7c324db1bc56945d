"""Why the engine would not let an effect pass, as far as the sdk may know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.sdk import _bounds, _wire
from supportd.sdk import effects as fx
from supportd.sdk.ask import Ask

if TYPE_CHECKING:
    from supportd.sdk.events import Event
    from supportd.sdk.facts import Group
    from supportd.sdk.hooks import Plugin
    from supportd.sdk.ids import RoomId

_NEEDS_ACCOUNT = (fx.PostDirect, fx.InviteMember, fx.RemoveMember, fx.LetGo, fx.SetPower, fx.OfferLink)
_SPEAKS = (fx.PostMessage, fx.PostFile, fx.StartPoll, fx.EndPoll, fx.React, fx.Redact)
#: Everybody an effect is about.
people_of = _bounds.people_of


def problem(plugin: Plugin, group: Group, value: object, cause: Event | None = None) -> str | None:
    """Return a sentence about what a hook yielded at the event ``cause``, ``None`` when it may pass."""
    if not isinstance(value, fx.Effect):
        return f"A hook of {plugin.name} yielded a {type(value).__name__} instead of an effect."
    if unfit := _wire.problem(value):
        return f"A hook of {plugin.name} fails: {unfit}. Look at the types of its fields: a tuple is no list, a whole number no fraction."
    if type(value) not in plugin.grants | {fx.Reply}:
        return f"The plugin {plugin.name} has no grant for {type(value).__name__}: name it in grants."
    if group.shut is not None and (
        isinstance(value, (fx.InviteMember, fx.OfferLink)) or (isinstance(value, fx.AnswerKnock) and value.let_in)
    ):
        return f"{type(value).__name__} has to wait while the group is shut: look at group.shut."
    if problem := _bounds.own_wish_problem(value, cause, group):
        return f"{type(value).__name__} would be refused: {problem}"
    return _people(group, value) or _rooms(group, value) or _size(value) or _times(value)


def _people(group: Group, effect: fx.Effect) -> str | None:
    kind = type(effect).__name__
    for person in people_of(effect):
        known = group.person(person)
        if known is None:
            return f"{kind} would reach “{person}”, who is not in the group's people."
        if isinstance(effect, _NEEDS_ACCOUNT) and not known.has_account:
            return f"{kind} needs a chat account, and {known.name} has none: look at person.has_account."
    if isinstance(effect, Ask) and not any(step.to for step in effect.steps):
        return "This Ask has nobody to be put to: look whether its list of people is empty."
    return None


def _rooms(group: Group, effect: fx.Effect) -> str | None:
    named: list[RoomId | None] = [getattr(effect, name, None) for name in ("room", "space")]
    for room in named:
        known = group.room_by_id(room) if room is not None else None
        if room is not None and known is None:
            return f"{type(effect).__name__} is about the room “{room}”, which does not belong to the group."
        if known is not None and isinstance(effect, fx.RemoveStranger) and all(one.id != effect.stranger for one in known.strangers):
            return f"RemoveStranger is about somebody who is not among the strangers of “{known.key}”: look at room.strangers."
        if known is not None and isinstance(effect, _SPEAKS) and known.listening != "reader":
            return f"The bot does not speak in “{known.key}”: its listening level is {known.listening}."
    return None


def _size(effect: fx.Effect) -> str | None:
    found = _bounds.problem(effect)
    return f"{type(effect).__name__} would be refused: {found}" if found else None


def _times(effect: fx.Effect) -> str | None:
    moments = [getattr(effect, name, None) for name in ("at", "start", "end", "expires")]
    if isinstance(effect, Ask):
        moments += [step.until for step in effect.steps]
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        return f"{type(effect).__name__} has a time without a zone: reckon from group.now."
    return None
