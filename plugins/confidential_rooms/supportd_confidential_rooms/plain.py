"""A room in plain words: a few phrases that key members say, a question back, and nothing is guessed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, CloseAsk, Step
from supportd.sdk.effects import PostDirect, Reply
from supportd.sdk.events import CommandGiven
from supportd_confidential_rooms import commands, kinds
from supportd_confidential_rooms.given import Given
from supportd_confidential_rooms.texts import say
from supportd_confidential_rooms.texts_plain import BETWEEN, KINDS, PHRASES, WITH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered, MessagePosted
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import EventId
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

PLAIN: Final = "plain"
ASK: Final = "plain:"
OPEN_FOR: Final = timedelta(hours=24)
#: A kind of room for a few people.
FEW: Final = "small_circle"


def understood(text: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the template, the name and the people that a sentence asks for, ``None`` when it is none of the phrases."""
    plain = " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()).rstrip(".!? ")
    found = next((match for phrase in PHRASES if (match := re.fullmatch(phrase, plain, re.IGNORECASE)) is not None), None)
    if found is None:
        return None
    name, people = found["name"], ""
    if (parts := re.split(WITH, name, flags=re.IGNORECASE)) and len(parts) > 1:
        # The last “with” begins the people: “tea with cake with Ann”.
        people, name = parts[-1], name[: name.rindex(parts[-1])]
        name = re.sub(WITH + r"$", "", name, flags=re.IGNORECASE)
    named = tuple(one for each in re.split(BETWEEN, people, flags=re.IGNORECASE) if (one := each.strip()))
    kind = next((key for words, key in KINDS if re.search(words, found["kind"] + " " + name, re.IGNORECASE)), "small_circle")
    return kind, name.strip(' "“”„'), named


def heard(group: Group, store: RoomStore, settings: RoomSettings, event: MessagePosted, person: Person) -> Iterator[Effect]:
    """Ask a key member, who said in their direct chat that they want a room, whether it was understood."""
    wish = understood(event.text)
    if wish is None:
        return
    template, name, people = wish
    # For a few people of a kind that is for everybody there is a copy of it; it is made with the yes, not before.
    stand_in = FEW if people and kinds.of(store)[template].people != "asked" else template
    given = _as_command(group, store, settings, event.id, person, stand_in, name, ",".join(people))
    problem = commands.cannot_create(given)
    if problem:
        yield PostDirect(to=person.id, text=problem)
        return
    for row in store.plans(PLAIN):
        if row["asked_by"] == person.id:
            # Only the last wish counts, and a yes to the first question is none to the second.
            store.end_plan(row["key"])
            yield CloseAsk(key=ASK + row["key"])
    plan = store.begin_plan(PLAIN, group.now, rooms=f"{template}:{name}", asked_by=person.id)
    for one in given.people(",".join(people))[0]:
        store.voice(plan, one.id, "named", group.now)
    whom = ", ".join(one.name for one in given.people(",".join(people))[0]) or say(group, person, "plain_everybody")
    question = say(group, person, "plain_question", called=name, whom=whom)
    step = Step(to=(person.id,), until=group.now + OPEN_FOR)
    yield Ask(key=ASK + plan, question=question, answers=(YES, NO), steps=(step,), proof=True)


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Make the room that was meant, as the command does."""
    key, person = event.key.removeprefix(ASK), group.person(event.by[0])
    plan, named = store.plan(key), store.voices(key)
    store.end_plan(key)
    if plan is None or person is None or "key_member" not in person.roles:
        return
    if event.answer != YES.name:
        yield PostDirect(to=person.id, text=say(group, person, "plain_no"))
        return
    template, _, name = plan["rooms"].partition(":")
    people = ",".join(one.name for one in group.people if one.id in named)
    if people:
        template = kinds.for_few(store, kinds.of(store)[template]).key
    given = _as_command(group, store, settings, event.id, person, template, name, people)
    for effect in commands.create(given):
        # Nobody gave a command here, so the answer is written.
        yield PostDirect(to=person.id, text=effect.text) if isinstance(effect, Reply) else effect


def expired(store: RoomStore, key: str) -> None:
    """Forget a wish that was not confirmed."""
    store.end_plan(key.removeprefix(ASK))


def _as_command(
    group: Group, store: RoomStore, settings: RoomSettings, id_: EventId, person: Person, template: str, name: str, people: str
) -> Given:
    args = {"template": template, "called": name, "people": people}
    return Given(CommandGiven(id=id_, group=group.id, at=group.now, name="rooms create", args=args, by=person.id), group, store, settings)
