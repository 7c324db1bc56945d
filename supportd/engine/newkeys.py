"""Somebody's encryption identity changed: a person decides whether it is still them (``matrix.md`` 1.6).

Until then they get no keys and nothing rests on their words. The question goes to the key members, never to the person it is about, and
comes again each week until somebody answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine import asks, deed, gate, names
from supportd.engine.inner import CORE, SettleKeys
from supportd.engine.unit import JournalLine
from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.events import AskAnswered
from supportd.sdk.ids import PersonId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import KeysMark
    from supportd.sdk.events import AskExpired
    from supportd.sdk.facts import Group

#: Stands in front of the key of such an ask.
KEYS_ASK: Final = "keys:"
QUESTION: Final = (
    "Automatic message. The encryption keys of {name} have changed. Mostly that means a new phone or an app that was set up anew. It can"
    " also mean that somebody else uses the account. Until one of you decides, {name} cannot read what I write, and I take nothing written"
    " under that name for their word. Please ask {name} in person or by phone: was it you? Then answer here, in words: yes, it was them; or"
    " no."
)
_ASKED: Final = "Somebody's encryption keys changed; a key member decides."
_SETTLED: Final = {True: "Somebody's new encryption keys are trusted now.", False: "Somebody's new encryption keys were refused."}


def ask(uow: UnitOfWork, mark: KeysMark, now: datetime) -> None:
    """Ask the key members of each group that the person belongs to."""
    for group_id in uow.groups.ids():
        person = uow.people.by_user(group_id, mark.user)
        if person is not None:
            _ask(uow, uow.groups.facts(group_id, now), person, mark.master, now)


def _ask(uow: UnitOfWork, group: Group, person: PersonId, master: str, now: datetime) -> None:
    able = tuple(one.id for one in group.in_turn("moderate") if one.id != person)
    if not able:
        # ``supportd check`` shows it, and the operator can decide: people trust NAME.
        return
    key = f"{KEYS_ASK}{person}:{master}"
    if uow.asks.by_key(group.id, CORE, key) is not None:
        return
    id_ = names.derived("keys", group.id, person, master, *now.isocalendar()[:2])
    if uow.asks.owner(id_):
        return
    question = QUESTION.format(name=group.name_of(person))
    steps = (Step(to=able, until=now + asks.HELD_FOR),)
    asks.open_ask(uow, group, CORE, id_, Ask(key=key, question=question, answers=(YES, NO), steps=steps, proof=True))
    uow.journal.add(JournalLine(group=group.id, plugin=CORE, at=now, kind="keys", outcome="told", reason=_ASKED))


def decided(uow: UnitOfWork, group: Group, event: AskAnswered | AskExpired) -> bool:
    """Carry out the answer to such an ask; False when ``event`` is another one's."""
    if not event.key.startswith(KEYS_ASK):
        return False
    if isinstance(event, AskAnswered):
        person, _, master = event.key.removeprefix(KEYS_ASK).rpartition(":")
        settle(uow, group, PersonId(person), master, trusted=event.answer == YES.name, id_=event.id)
    return True


def settle(uow: UnitOfWork, group: Group, person: PersonId, master: str, *, trusted: bool, id_: str) -> None:
    """Let the Matrix side keep what was decided; ``master``: which keys, empty for those that are offered by then."""
    effect = SettleKeys(person=person, master=master, trusted=trusted)
    deed.queue_own(uow, group, names.derived("settle", id_), effect, gate.Passed(group.now))
    reason = _SETTLED[trusted]
    uow.journal.add(JournalLine(group=group.id, plugin=CORE, at=group.now, kind="keys", outcome="changed", reason=reason))
