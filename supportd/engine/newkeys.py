"""Somebody's encryption identity changed: a person decides whether it is still them (``matrix.md`` 1.6).

Until then they get no keys and nothing rests on their words. The question goes to the key members, never to the person it is about, and
comes again each week until somebody answers.

All groups of an installation share one list of trusted keys, so no group decides for another: only groups that the person is in, in a room
that they joined themselves, are asked (anybody can be entered in a group without knowing it); the keys are trusted when each of these has
said yes, and one no keeps them distrusted. A decision for each group alone would leave the same device sound in one room and not in the
next. No group is told that there are others: being a member is a secret. A group where nobody could be asked does not count, and the
operator decides at once: ``people trust NAME``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supportd.engine import asks, deed, gate, names
from supportd.engine.inner import CORE, SettleKeys
from supportd.engine.unit import JournalLine
from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.events import AskAnswered
from supportd.sdk.ids import EventId, PersonId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import KeysMark
    from supportd.sdk.events import AskExpired
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import UserId

#: Stands in front of the key of such an ask.
KEYS_ASK: Final = "keys:"
QUESTION: Final = (
    "Automatic message. The encryption keys of {name} have changed. Mostly that means a new phone or an app that was set up anew. It can"
    " also mean that somebody else uses the account. Until one of you decides, {name} cannot read what I write, and I take nothing written"
    " under that name for their word. Please ask {name} in person or by phone: was it you? Then answer here, in words: yes, it was them; or"
    " no."
)
_ASKED: Final = "Somebody's encryption keys changed; a key member decides."
_AGREED: Final = "A key member said yes to somebody's new encryption keys."
_REFUSED: Final = "Somebody's new encryption keys were refused."
_TRUSTED: Final = "Somebody's new encryption keys are trusted now."


def ask(uow: UnitOfWork, mark: KeysMark, now: datetime) -> None:
    """Ask the key members of each group that the person is in."""
    places = _places(uow, mark.user, now)
    for place in places:
        if place.counts and place.last_word(uow, mark.master) != YES.name:
            _ask(uow, place.group, place.person, mark.master, place.able, now)
    # They may have left the group whose answer was still missing.
    _settle_if_agreed(uow, places, mark.master, names.derived("agreed", mark.user, mark.master, now))


@dataclass(frozen=True, slots=True)
class _Place:
    """One group in which somebody is entered, and who there can be asked about them."""

    group: Group
    person: PersonId

    @property
    def able(self) -> tuple[PersonId, ...]:
        """Whom to ask."""
        return tuple(one.id for one in self.group.in_turn("moderate") if one.id != self.person)

    @property
    def counts(self) -> bool:
        """Whether this group is asked: they joined a room of it (the bot's direct chat is one), and somebody else can answer."""
        return any(self.person in room.joined for room in self.group.rooms) and bool(self.able)

    def last_word(self, uow: UnitOfWork, master: str) -> str:
        """Return what this group said last, empty when it has not decided."""
        said = uow.asks.outcomes(self.group.id, CORE, _key(self.person, master))
        return next((one for one in reversed(said) if one in {YES.name, NO.name}), "")


def _places(uow: UnitOfWork, user: UserId, now: datetime) -> list[_Place]:
    found = ((group, uow.people.by_user(group, user)) for group in uow.groups.ids())
    return [_Place(uow.groups.facts(group, now), person) for group, person in found if person is not None]


def _key(person: PersonId, master: str = "") -> str:
    # Without ``master``: how the keys of all such asks about them begin.
    return f"{KEYS_ASK}{person}:{master}"


def _ask(uow: UnitOfWork, group: Group, person: PersonId, master: str, able: tuple[PersonId, ...], now: datetime) -> None:
    key = _key(person, master)
    if uow.asks.by_key(group.id, CORE, key) is not None:
        return
    id_ = names.derived("keys", group.id, person, master, *now.isocalendar()[:2])
    if uow.asks.owner(id_):
        return
    # An answer to a question about earlier keys would do nothing; and whoever changes keys again and again must not flood the key members.
    asks.close_beginning(uow, group, CORE, _key(person))
    today = EventId(names.derived("keys asked", group.id, person, now.date().isoformat()))
    if uow.handled.seen(today):
        return
    uow.handled.add(today, now)
    question = QUESTION.format(name=group.name_of(person))
    steps = (Step(to=able, until=now + asks.HELD_FOR),)
    ask = Ask(key=key, question=question, answers=(YES, NO), steps=steps, proof=True, role="key_member")
    asks.open_ask(uow, group, CORE, id_, ask)
    uow.journal.add(JournalLine(group=group.id, plugin=CORE, at=now, kind="keys", outcome="told", reason=_ASKED))


def decided(uow: UnitOfWork, group: Group, event: AskAnswered | AskExpired) -> bool:
    """Carry out the answer to such an ask; False when ``event`` is another one's."""
    if not event.key.startswith(KEYS_ASK):
        return False
    if isinstance(event, AskAnswered):
        who, _, master = event.key.removeprefix(KEYS_ASK).rpartition(":")
        person = PersonId(who)
        if event.answer == YES.name:
            _journal(uow, group, _AGREED)
            _settle_if_agreed(uow, _all_of(uow, group, person), master, event.id)
        else:
            _journal(uow, group, _REFUSED)
            _settle(uow, group, person, master, trusted=False, id_=event.id)
    return True


def trust(uow: UnitOfWork, group: Group, person: PersonId, id_: str) -> None:
    """Trust whichever keys are offered now, as the operator decided, whatever any group said."""
    _journal(uow, group, _TRUSTED)
    _settle(uow, group, person, "", trusted=True, id_=id_)


def _all_of(uow: UnitOfWork, group: Group, person: PersonId) -> list[_Place]:
    user = uow.people.user_of(person)
    return _places(uow, user, group.now) if user is not None else []


def _settle_if_agreed(uow: UnitOfWork, places: Sequence[_Place], master: str, id_: str) -> None:
    said = [(place, place.last_word(uow, master)) for place in places]
    missing = any(word != YES.name for place, word in said if place.counts)
    agreed = [place for place, word in said if place.counts and word == YES.name]
    # A no stays a no when the person leaves the group that said it.
    if agreed and not missing and NO.name not in {word for _place, word in said}:
        _settle(uow, agreed[0].group, agreed[0].person, master, trusted=True, id_=id_)


def _settle(uow: UnitOfWork, group: Group, person: PersonId, master: str, *, trusted: bool, id_: str) -> None:
    """Let the Matrix side keep what was decided; ``master``: which keys, empty for those that are offered by then."""
    for place in _all_of(uow, group, person):
        asks.close_beginning(uow, place.group, CORE, _key(place.person, master))
        # A yes counts once: when the same keys are offered again one day, everybody is asked anew.
        uow.asks.spend(place.group.id, CORE, _key(place.person), YES.name)
    effect = SettleKeys(person=person, master=master, trusted=trusted)
    deed.queue_own(uow, group, names.derived("settle", id_), effect, gate.Passed(group.now))


def _journal(uow: UnitOfWork, group: Group, reason: str) -> None:
    # The same line after a yes, whether others still have to say theirs or not: it would tell that there are others.
    uow.journal.add(JournalLine(group=group.id, plugin=CORE, at=group.now, kind="keys", outcome="changed", reason=reason))
