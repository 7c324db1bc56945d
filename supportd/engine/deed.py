"""Carrying out accepted effects inside the transaction: rows of the outbox, or changes of what supportd keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.engine import asks, forgetting, gate, names
from supportd.engine.inner import CORE, CreateDirect
from supportd.engine.unit import JournalLine, Link, NewRow
from supportd.sdk import effects as fx
from supportd.sdk.ask import Ask, CloseAsk
from supportd.sdk.events import ConsentGiven
from supportd.sdk.facts import Consent
from supportd.sdk.ids import EventId
from supportd.sdk.settings import render

if TYPE_CHECKING:
    from supportd.engine.gate import Passed
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import EffectFailed
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId


#: The earliest a timer comes after it was started.
SOONEST: Final = timedelta(seconds=1)


@dataclass(slots=True)
class Deeds:
    """What one handled event leads to besides rows: answers to the command, and whether something leaves."""

    public_url: str = ""
    replies: list[fx.Reply] = field(default_factory=list)
    refused: list[EffectFailed] = field(default_factory=list)
    leaving: int = 0
    #: What all plugins are told of besides.
    follow: list[ConsentGiven] = field(default_factory=list)
    #: The plugins whose effects leave.
    plugins: list[str] = field(default_factory=list)


def carry_out(uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: Effect, passed: Passed, deeds: Deeds) -> None:
    """Do what an accepted effect asks for; ``id_`` stands for this decision and makes it happen once."""
    if isinstance(effect, fx.Reply):
        deeds.replies.append(effect)
    elif isinstance(effect, Ask):
        asks.open_ask(uow, group, plugin, id_, effect)
    elif isinstance(effect, CloseAsk):
        asks.close_by_key(uow, group, plugin, effect.key)
    elif isinstance(effect, fx.ForgetPerson):
        forgetting.wanted(uow, group, effect.person)
    elif isinstance(effect, fx.RecordConsent):
        kept = Consent(effect.person, effect.kind, effect.wording, effect.given, effect.how, group.now)
        uow.groups.record_consent(group.id, kept)
        told = EventId(f"consent:{id_}")
        deeds.follow.append(ConsentGiven(id=told, group=group.id, at=group.now, person=effect.person, kind=effect.kind, given=effect.given))
    elif isinstance(effect, fx.ChangePerson):
        uow.people.change(effect)
    elif type(effect) in gate.INSIDE:
        _change_facts(uow, group, plugin, effect)
    else:
        _queue(uow, group, plugin, id_, effect, passed, deeds)


def _change_facts(uow: UnitOfWork, group: Group, plugin: str, effect: Effect) -> None:
    match effect:
        case fx.StartTimer(key=key, at=at):
            # A timer for a time that is past comes once, soon; at once it could start itself again without an end.
            uow.timers.start(group.id, plugin, key, max(at, group.now + SOONEST))
        case fx.CancelTimer(key=key):
            uow.timers.cancel(group.id, plugin, key)
        case fx.SetDuty(kind=kind, person=person, start=start, end=end):
            uow.groups.set_duty(group.id, kind, person, start, end)
        case fx.EndDuty(kind=kind, person=person, start=start):
            uow.groups.end_duty(group.id, kind, person, start)
        case fx.OpenCase(key=key, kind=kind, refs=refs):
            uow.groups.open_case(group.id, plugin, key, kind, refs, group.now)
        case fx.CloseCase(key=key, outcome=outcome):
            uow.groups.close_case(group.id, plugin, key, outcome, group.now)
        case fx.ShutGroup():
            uow.groups.set_shut(group.id, group.now)
            uow.links.revoke(group.id)
            uow.invitations.revoke(group.id)
        case fx.OpenGroup():
            uow.groups.set_shut(group.id, None)
        case _:  # pragma: no cover - gate.INSIDE lists exactly the kinds above
            raise AssertionError(type(effect))


def _queue(uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: Effect, passed: Passed, deeds: Deeds) -> None:
    if isinstance(effect, fx.CreateRoom):
        # A room is made once for its key, whoever asks for it and however often; and once in the place of each that ended.
        id_ = names.derived("room", group.id, effect.key, *([effect.replaces] if effect.replaces is not None else []))
    if isinstance(effect, fx.OfferLink):
        effect = _with_link(uow, group, plugin, id_, effect, deeds)
    if isinstance(effect, (fx.PostDirect, fx.OfferLink)):
        write_to(uow, group, plugin, id_, effect, passed)
    else:
        _add(uow, group, plugin, id_, effect, passed)
    deeds.leaving += 1


def _with_link(uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: fx.OfferLink, deeds: Deeds) -> fx.PostDirect:
    token = uow.token("link", id_)
    link = Link(group=group.id, plugin=plugin, key=effect.key, person=effect.to, button=effect.button, expires=effect.expires, used=False)
    uow.links.add(token, link, group.now)
    # The token stands behind the hash sign: it reaches no server log and no Referer header (trust.md, 14.2.1).
    address = f"{deeds.public_url}/l#{token}"
    return fx.PostDirect(to=effect.to, text=render(effect.text, link=address, group=group.name))


def write_to(uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: Effect, passed: Passed) -> bool:
    """Queue a text for one person; their direct chat is made first, and the text waits until they are in it. False: it was there."""
    person: PersonId = effect.to  # type: ignore[attr-defined]  # both kinds that come here are for one person
    room = uow.rooms.direct_with(group.id, person)
    if room is None:
        making = CreateDirect(to=person)
        _add(uow, group, CORE, names.derived("direct", group.id, person), making, gate.Passed(group.now))
    state = uow.rooms.membership(room, person) if room is not None else None
    if room is not None and state == "leave":
        # They left or declined earlier; the words wait until they accept. One invitation a week, however much there is to say.
        week = group.now.isocalendar()[:2]
        invited = fx.InviteMember(room=room, person=person)
        _add(uow, group, CORE, names.derived("again", group.id, person, *week), invited, gate.Passed(group.now))
    return _add(uow, group, plugin, id_, effect, passed, blocked=state != "join")


def queue_own(uow: UnitOfWork, group: Group, id_: str, effect: Effect, passed: Passed) -> None:
    """Queue an effect of the core itself."""
    _add(uow, group, CORE, id_, effect, passed)


def _add(uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: Effect, passed: Passed, *, blocked: bool = False) -> bool:
    route = gate.ROUTES[type(effect)]
    people = gate.people_of(effect)
    row = NewRow(
        id=id_,
        group=group.id,
        plugin=plugin,
        account=route.account,
        lane=gate.lane_of(effect, group),
        priority=route.priority,
        effect=effect,
        not_before=passed.not_before,
        state="held" if passed.held else "blocked" if blocked else "waiting",
        person=people[0] if len(people) == 1 else None,
    )
    new = uow.outbox.add(row, group.now)
    if new and passed.held:
        uow.journal.add(
            JournalLine(group=group.id, plugin=plugin, at=group.now, kind=type(effect).__name__, outcome="held", reason=HELD_REASON)
        )
        asks.ask_before(uow, group, id_, effect)
    return new


HELD_REASON = "A key member has to agree first."
