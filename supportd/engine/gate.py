"""The gate: which effects may leave, by which account, when, and what a person has to agree to first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from supportd.engine import names
from supportd.engine.inner import CORE, CreateDirect, EnterChat, SettleKeys
from supportd.sdk import _bounds
from supportd.sdk import effects as fx
from supportd.sdk.ask import Ask, CloseAsk

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Account
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import Event
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId, RoomId

#: A plugin may add this many rows a minute in one group; more wait their turn, nothing is dropped. What keeps people safe never waits.
ROWS_PER_MINUTE = 60
#: What is urgent does not wait for a plugin's other rows either: a group that is shut in a raid has had a busy minute.
URGENT_ROWS_PER_MINUTE = 600
#: Everybody an effect is about; the kit counts them the same way.
people_of = _bounds.people_of


@dataclass(frozen=True, slots=True)
class Route:
    """How one kind of effect leaves: by which account, how urgent, and which level of power it needs in the room."""

    account: Account
    priority: Literal[0, 1, 2]
    needs: str | None = None
    asks_first: bool = False


#: One row for each kind of effect that leaves; the accounts are explained in ``docs/operators/README.md``.
ROUTES: dict[type[Effect], Route] = {
    fx.Redact: Route("reader", 0, "redact"),
    fx.RemoveMember: Route("doorkeeper", 0, "kick", asks_first=True),
    fx.RemoveStranger: Route("doorkeeper", 0, "kick"),
    fx.LetGo: Route("doorkeeper", 0, "kick"),
    fx.SetPower: Route("doorkeeper", 0, "m.room.power_levels"),
    fx.CreateRoom: Route("creator", 1),
    fx.MendRoom: Route("doorkeeper", 0),
    fx.SweepRoom: Route("doorkeeper", 2, "redact"),
    fx.LinkRoom: Route("doorkeeper", 1, "m.space.parent"),
    fx.InviteMember: Route("doorkeeper", 1, "invite"),
    fx.AnswerKnock: Route("doorkeeper", 1, "invite"),
    CreateDirect: Route("creator", 1),
    SettleKeys: Route("reader", 0),
    EnterChat: Route("reader", 0),
    fx.PostDirect: Route("reader", 1, "events_default"),
    fx.OfferLink: Route("reader", 1, "events_default"),
    fx.PostMessage: Route("reader", 2, "events_default"),
    fx.PostFile: Route("reader", 2, "events_default"),
    fx.StartPoll: Route("reader", 2, "events_default"),
    fx.EndPoll: Route("reader", 2, "events_default"),
    fx.React: Route("reader", 2, "events_default"),
}
#: Kinds that change only what supportd keeps itself.
INSIDE: frozenset[type[Effect]] = frozenset(
    {
        fx.ShutGroup, fx.OpenGroup, fx.ForgetPerson,
        fx.StartTimer, fx.CancelTimer, fx.RecordConsent, fx.ChangePerson, fx.SetDuty, fx.EndDuty, fx.OpenCase, fx.CloseCase,
        fx.Reply, Ask, CloseAsk,
    }
)  # fmt: skip
#: Every plugin may answer the command it was given.
ALWAYS_GRANTED: frozenset[type[Effect]] = frozenset({fx.Reply})


@dataclass(frozen=True, slots=True)
class Passed:
    """The effect may go, not before ``not_before``; ``held``: a person has to agree first."""

    not_before: datetime
    held: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The effect may not go; ``reason`` is a sentence that a member could read."""

    reason: str


def admit(
    uow: UnitOfWork, group: Group, plugin: str, grants: frozenset[type[Effect]], effect: Effect, cause: Event | None = None
) -> Passed | Refused:
    """Check one effect of one plugin against everything it has to respect; ``cause`` is the event at which it was yielded."""
    kind = type(effect)
    if kind not in grants | ALWAYS_GRANTED and plugin != CORE:
        return Refused(f"The plugin {plugin} has no grant for {kind.__name__}.")
    if kind not in INSIDE and kind not in ROUTES:
        return Refused(f"supportd does not know how to carry out {kind.__name__}.")
    problem = (
        shut_problem(group, effect)
        or _bounds.own_wish_problem(effect, cause, group)
        or _people_problem(group, effect)
        or _room_problem(uow, group, effect)
        or _bounds.problem(effect)
        or _time_problem(effect)
    )
    if problem:
        return Refused(problem)
    if kind in INSIDE:
        return Passed(group.now)
    asks_first = ROUTES[kind].asks_first
    if asks_first and not who_may_agree(group, effect):
        return Refused("There is no other key member who could agree.")
    return Passed(_not_before(uow, group, plugin, effect), held=asks_first)


def shut_problem(group: Group, effect: Effect) -> str | None:
    """Return why an effect has to stay undone while the group is shut."""
    inviting = isinstance(effect, (fx.InviteMember, fx.OfferLink)) or (isinstance(effect, fx.AnswerKnock) and effect.let_in)
    return "The group is shut at the moment: two key members can open it again." if group.shut is not None and inviting else None


def who_may_agree(group: Group, effect: Effect) -> tuple[PersonId, ...]:
    """Return the key members who may agree to an effect; the person it is about is not among them."""
    about = people_of(effect)
    return tuple(one.id for one in group.in_turn("moderate") if one.id not in about)


def rooms_of(effect: Effect) -> tuple[RoomId, ...]:
    """Return every room an effect is about."""
    found: list[RoomId | None] = [getattr(effect, name, None) for name in ("room", "space", "replaces")]
    return tuple(one for one in found if one is not None)


def _people_problem(group: Group, effect: Effect) -> str | None:
    needs_account = isinstance(effect, (fx.PostDirect, fx.InviteMember, fx.RemoveMember, fx.LetGo, fx.SetPower, fx.OfferLink, CreateDirect))
    for person in people_of(effect):
        known = group.person(person)
        if known is None:
            return "This would reach somebody who is not in the group's people."
        if needs_account and not known.has_account:
            return "This person has no chat account; use another way to reach them."
    if isinstance(effect, Ask) and not any(step.to for step in effect.steps):
        return "This question has nobody to be put to."
    return None


def _room_problem(uow: UnitOfWork, group: Group, effect: Effect) -> str | None:
    route = ROUTES.get(type(effect))
    for room in rooms_of(effect):
        known = group.room_by_id(room)
        if known is None:
            return "This room does not belong to the group."
        if isinstance(effect, fx.RemoveStranger) and all(one.id != effect.stranger for one in known.strangers):
            return "This person is not in the room, or is in the group's people."
        if route is not None and route.account == "reader" and known.listening != "reader":
            return f"The bot does not speak in this room: its listening level is {known.listening}."
        if isinstance(effect, fx.CreateRoom) and known.key != effect.key:
            return f"A room can go on from one with the same key only; this one is {known.key}."
        if isinstance(effect, fx.SweepRoom) and known.listening == "absent":
            return "The bot is not in this room any more, so it can take nothing away there."
        power = uow.rooms.power(room)
        if route is None or route.needs is None or power is None:
            continue
        levels, needed = power
        # To refuse a knock is a removal for the homeserver.
        right = "kick" if isinstance(effect, fx.AnswerKnock) and not effect.let_in else route.needs
        needs = needed.get(right, needed.get("state_default", 50))
        if levels.get(route.account, 0) < needs:
            return f"The account {route.account} lacks the power for this in the room; give it level {needs}."
    return None


def _time_problem(effect: Effect) -> str | None:
    moments = [getattr(effect, name, None) for name in ("at", "start", "end", "expires", "before", "after")]
    if isinstance(effect, Ask):
        moments += [step.until for step in effect.steps]
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        return "A time without a zone was given."
    return None


def _not_before(uow: UnitOfWork, group: Group, plugin: str, effect: Effect) -> datetime:
    moment = group.now
    route = ROUTES.get(type(effect))
    if plugin != CORE and (route is None or route.priority > 0):
        queued = uow.outbox.recent(group.id, plugin, group.now - timedelta(minutes=1))
        most = URGENT_ROWS_PER_MINUTE if getattr(effect, "urgent", False) else ROWS_PER_MINUTE
        moment += timedelta(minutes=queued // most)
    if isinstance(effect, (fx.PostDirect, fx.OfferLink)) and not getattr(effect, "urgent", False):
        person = group.person(effect.to)
        if person is not None:
            moment = group.awake_at(person, moment)
    return moment


#: In which lane of its room an effect waits.
_LANES: dict[type[Effect], Callable[[RoomId], str]] = {
    fx.Redact: names.hide_lane,
    fx.SweepRoom: names.sweep_lane,
    fx.MendRoom: names.mend_lane,
    **dict.fromkeys((fx.React, fx.PostFile, fx.StartPoll, fx.EndPoll), names.room_lane),
    **dict.fromkeys((fx.InviteMember, fx.AnswerKnock, fx.RemoveMember, fx.LetGo, fx.RemoveStranger, fx.SetPower), names.door_lane),
}


def lane_of(effect: Effect, group: Group) -> str:
    """Return the lane an effect that leaves waits in."""
    if (lane := _LANES.get(type(effect))) is not None:
        room: RoomId = effect.room  # type: ignore[attr-defined]  # all kinds of the table are about one room
        return lane(room)
    match effect:
        case fx.PostMessage(room=spoken, urgent=urgent):
            return names.room_lane(spoken, urgent=urgent)
        case fx.LinkRoom(space=space):
            return names.door_lane(space)
        case fx.PostDirect() | fx.OfferLink() | CreateDirect() | EnterChat():
            # What waits for the end of quiet hours must not stop somebody who has come to us.
            return names.direct_lane(people_of(effect)[0], urgent=isinstance(effect, EnterChat) or getattr(effect, "urgent", False))
        case SettleKeys(person=person):
            return names.keys_lane(person)
        case _:
            return names.make_lane(group.id)
