"""A review room: two key members open it, only key members are in it, and never the person it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import Ask, Step, reserved
from supportd.sdk.effects import Reply
from supportd.sdk.settings import render
from supportd_confidential_rooms import kinds, making
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered, AskExpired
    from supportd.sdk.facts import Group, Person
    from supportd_confidential_rooms.given import Given
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "review:"
REVIEW: Final = "review"
OPEN_FOR: Final = timedelta(hours=72)
QUORUM: Final = 2
USAGE: Final = "Write: rooms review NAME,NAME about NAME."


def wanted(given: Given) -> Iterator[Effect]:
    """Ask the key members who are named whether they open a review; it needs two of them."""
    group, store = given.group, given.store
    people, missing = given.people(given.arg("people"))
    about = next((one for one in group.people if one.name.casefold() == given.arg("who").casefold()), None)
    problem = _problem(given, people, missing, about)
    if problem or about is None:
        yield Reply(text=problem, status=1)
        return
    yield Reply(text=f"Two of them have to agree first; {len(people)} are asked now. Nobody else hears of it.")
    plan = store.begin_plan(REVIEW, group.now, about=about.id, asked_by=given.event.by)
    for one in people:
        store.voice(plan, one.id, "asked", group.now)
    days = str(making.ends_after(kinds.of(store)[REVIEW]))
    question = say(group, people[0], "review_question", member=about.name, helper=", ".join(one.name for one in people), days=days)
    # So many no that two yes cannot come any more.
    answers = (reserved("yes", quorum=QUORUM), reserved("no", quorum=len(people) - 1))
    step = Step(to=tuple(one.id for one in people), until=group.now + OPEN_FOR)
    yield Ask(key=ASK + plan, question=question, answers=answers, steps=(step,), proof=True, role="key_member")


def _problem(given: Given, people: list[Person], missing: str, about: Person | None) -> str:
    """Say what is wrong with the words, then with the people."""
    if given.arg("about").casefold() not in {"about", "über"}:
        return USAGE
    if missing:
        return f"There is nobody called “{missing[:40]}” with a chat account in the group's people. {USAGE}"
    if about is None:
        return f"There is nobody called “{given.arg('who')[:40]}” in the group's people. {USAGE}"
    return _wrong_people(given, people, about)


def _wrong_people(given: Given, people: list[Person], about: Person) -> str:
    if about in people or given.event.by == about.id:
        return "A review is never with the person it is about: other key members open it."
    if any("key_member" not in one.roles for one in people):
        return f"A review is for key members only: name key members. {USAGE}"
    if len(people) < QUORUM:
        return f"A review needs two key members at least. {USAGE}"
    most = kinds.of(given.store)[REVIEW].cap
    return f"A review has at most {most} people: name fewer." if len(people) > most else ""


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Open the review that two agreed to, for all who were named and are still key members."""
    key = event.key.removeprefix(ASK)
    plan, named = store.plan(key), store.voices(key)
    store.end_plan(key)
    if plan is None or event.answer != "yes" or plan["about"] is None:
        return
    people = tuple(one.id for one in group.key_members if one.id in named)
    if len(people) < QUORUM:
        return
    name = render(settings.review_name, group=group.name)
    template = kinds.of(store)[REVIEW]
    yield from making.make(group, store, template, name, key=key, people=people, about=plan["about"], asked_by=plan["asked_by"])


def expired(store: RoomStore, event: AskExpired) -> None:
    """Forget a review that nobody opened."""
    store.end_plan(event.key.removeprefix(ASK))
