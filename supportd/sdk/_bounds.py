"""How large effects, files and polls may be and what their texts may hold: one set of bounds for what comes in, the gate and the kit."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk._names import LONGEST_CHOSEN, name_fits, visible
from supportd.sdk.ask import Ask
from supportd.sdk.rooms import OWNER_LEVEL, name_problem

if TYPE_CHECKING:
    from supportd.sdk.events import PollAnswer
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId, RoomId
    from supportd.sdk.rooms import RoomSpec

#: The longest texts and names and the most people in one effect: what is larger is a mistake of the plugin.
LONGEST_TEXT: Final = 16_000
LONGEST_NAME: Final = 300
MOST_PEOPLE: Final = 500
#: The highest level of power that a plugin may give.
HIGHEST_LEVEL: Final = 100
#: The most of a file that a plugin may post, bytes, and of its name, characters.
MOST_BYTES: Final = 256 * 1024
LONGEST_FILE_NAME: Final = 100
#: A poll: answers (MSC3381), and characters of its question, of an answer and of an answer's id.
MOST_ANSWERS: Final = 20
LONGEST_QUESTION: Final = 1000
LONGEST_ANSWER: Final = 300
LONGEST_ANSWER_ID: Final = 100
#: Characters of the reason that comes with a knock, or with the answer to it.
LONGEST_REASON: Final = 300
#: Characters of a room's topic with the note on listening.
LONGEST_TOPIC: Final = 1000
#: How seldom a room may get a new key.
MOST_ROTATION: Final = 1000
HOUR_MS: Final = 3600 * 1000
WEEK_MS: Final = 7 * 24 * HOUR_MS
LARGEST_STATUS: Final = 125
#: Stands for the kind of a file that says nothing sensible about it.
UNKNOWN_TYPE: Final = "application/octet-stream"

#: Enough of BCP 47 for the tags that people's settings hold.
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


def file_name(name: str) -> str:
    """Return ``name`` in one line that names no folder; may be empty."""
    return visible(name.replace("/", "_").replace("\\", "_"))[:LONGEST_FILE_NAME].strip()


def media_type(kind: str) -> str:
    """Return ``kind`` if it is a media type without parameters (RFC 6838), else the one that says nothing."""
    plain = kind.strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else UNKNOWN_TYPE


def room_of(effect: fx.Effect) -> RoomId | None:
    """Return the room an effect is about, where it is about one."""
    room: RoomId | None = getattr(effect, "room", None)
    return room


def key_of(effect: fx.Effect) -> str:
    """Return the key that a plugin gave to an effect, where it gave one; that of a reaction is what people see."""
    key: str = "" if isinstance(effect, fx.React) else getattr(effect, "key", "")
    return key


def people_of(effect: fx.Effect) -> tuple[PersonId, ...]:
    """Return everybody an effect is about."""
    if isinstance(effect, Ask):
        return tuple(dict.fromkeys(one for step in effect.steps for one in step.to))
    if isinstance(effect, fx.CreateRoom):
        return tuple(dict.fromkeys((*effect.members, *effect.owners, *effect.key_members)))
    if isinstance(effect, fx.MendRoom):
        return tuple(dict.fromkeys(person for person, _level in effect.levels))
    single: list[PersonId | None] = [getattr(effect, name, None) for name in ("to", "person", "mention", "by")]
    return tuple(dict.fromkeys(one for one in single if one is not None))


#: Answers that are no yes, whatever the question.
_NOT_WISHED: Final = frozenset({"no", "later", "stop"})


def own_wish_problem(effect: fx.Effect, cause: ev.Event | None, group: Group) -> str | None:
    """Return a sentence about what somebody has to wish themself when ``cause``, the event at hand, is not their proven yes."""
    if isinstance(effect, fx.ChangePerson):
        return _own_profile_problem(effect, cause, group)
    if not isinstance(effect, (fx.LetGo, fx.ForgetPerson)):
        return None
    if isinstance(cause, ev.AskAnswered) and cause.proven and cause.by == (effect.person,) and cause.answer not in _NOT_WISHED:
        return None
    return "This needs the person's own yes, in words in their direct chat."


def _own_profile_problem(effect: fx.ChangePerson, cause: ev.Event | None, group: Group) -> str | None:
    """Return a sentence about a change of somebody's profile that they did not ask for themself, or that cannot be."""
    said = isinstance(cause, ev.MessagePosted) and cause.author == effect.person and cause.proven and _is_direct(group, cause)
    answered = isinstance(cause, ev.AskAnswered) and cause.by == (effect.person,)
    if not said and not answered:
        return "This needs the person's own word in their direct chat."
    if effect.language is not None and not _LANGUAGE.fullmatch(effect.language):
        return "A language is a tag such as en, ur or zh-Hans."
    if effect.name is None:
        return None
    if isinstance(cause, ev.AskAnswered) and not cause.proven:
        return "A name needs the person's own words in their direct chat; a reaction is not enough."
    if not name_fits(effect.name):
        return f"A name has 1 to {LONGEST_CHOSEN} visible characters in one line, with a letter or a digit."
    taken = group.called(effect.name)
    return "Somebody in the group already has this name." if taken is not None and taken.id != effect.person else None


def _is_direct(group: Group, said: ev.MessagePosted) -> bool:
    room = group.room_by_id(said.room)
    return room is not None and room.direct_with == said.author


def problem(effect: fx.Effect) -> str | None:
    """Return a sentence about an effect that is too large or holds what cannot be kept, ``None`` when it may pass."""
    if any(len(getattr(effect, name, "")) > LONGEST_NAME for name in ("key", "kind", "wording", "how", "outcome", "button")):
        return f"A name is longer than {LONGEST_NAME} characters."
    if any(len(getattr(effect, name, "")) > LONGEST_TEXT for name in ("text", "reason", "question")):
        return f"The text is longer than {LONGEST_TEXT} characters."
    return _of_its_kind(effect) or _of_all(effect)


def _of_all(effect: fx.Effect) -> str | None:
    values = [getattr(effect, each.name) for each in fields(effect)]
    # PostgreSQL refuses it.
    if any(isinstance(value, str) and "\0" in value for value in values):
        return "A text holds the sign NUL, which no chat can show."
    if len(people_of(effect)) > MOST_PEOPLE:
        return f"This is about more than {MOST_PEOPLE} people at once."
    return None


def _of_its_kind(effect: fx.Effect) -> str | None:
    match effect:
        case fx.PostFile():
            return _file(effect)
        case fx.StartPoll():
            return _poll(effect)
        case fx.CreateRoom() | fx.MendRoom():
            return _spec(effect.spec) or (_levels(effect.levels) if isinstance(effect, fx.MendRoom) else None)
        case fx.AnswerKnock(reason=reason) if len(reason) > LONGEST_REASON:
            return f"The reason is longer than {LONGEST_REASON} characters."
        case fx.SetPower(level=level) if not 0 <= level <= HIGHEST_LEVEL:
            return f"A level of power lies between 0 and {HIGHEST_LEVEL}."
        case fx.Reply():
            return _reply(effect)
        case _:
            return None


def _spec(spec: RoomSpec) -> str | None:
    if problem := name_problem(spec.name):
        return problem
    if len(spec.topic) + len(spec.note) > LONGEST_TOPIC:
        return f"The topic of a room, with its note on listening, has at most {LONGEST_TOPIC} characters."
    if not 1 <= spec.rotation_messages <= MOST_ROTATION or not HOUR_MS <= spec.rotation_ms <= WEEK_MS:
        return f"A room gets a new key after 1 to {MOST_ROTATION} messages and 1 hour to 7 days."
    powers = spec.powers
    levels = (powers.talk, powers.invite, powers.remove, powers.ban, powers.hide, powers.describe, powers.link, powers.call_all)
    if not all(0 <= one <= HIGHEST_LEVEL for one in levels):
        return f"A level of power lies between 0 and {HIGHEST_LEVEL}."
    return None


def _levels(levels: tuple[tuple[PersonId, int], ...]) -> str | None:
    if len(dict(levels)) < len(levels):
        return "Somebody has two levels of power in one room."
    if not all(-1 <= level <= OWNER_LEVEL for _person, level in levels):
        return f"The level of a person lies between -1 and {OWNER_LEVEL}."
    return None


def _reply(reply: fx.Reply) -> str | None:
    if not 0 <= reply.status <= LARGEST_STATUS:
        return f"The status of an answer lies between 0 and {LARGEST_STATUS}."
    return None if _is_object(reply.data) else "The data of an answer has to be a JSON object."


def _is_object(data: str) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _file(effect: fx.PostFile) -> str | None:
    if not effect.name or effect.name != file_name(effect.name):
        return f"The name of a file is one line of at most {LONGEST_FILE_NAME} characters without slashes."
    if effect.media_type != media_type(effect.media_type):
        return "A file needs a media type such as text/calendar."
    if not 0 < len(effect.data) <= MOST_BYTES:
        return f"A file has at least one byte and at most {MOST_BYTES // 1024} KiB."
    return None


def _poll(effect: fx.StartPoll) -> str | None:
    answers = effect.answers
    if not _said(effect.question, LONGEST_QUESTION):
        return f"The question of a poll has 1 to {LONGEST_QUESTION} characters."
    if not 1 <= len(answers) <= MOST_ANSWERS or len({one.id for one in answers}) < len(answers):
        return f"A poll has 1 to {MOST_ANSWERS} answers, each with an id of its own."
    if not all(_fits(one) for one in answers):
        return f"An answer of a poll has 1 to {LONGEST_ANSWER} characters, and its id 1 to {LONGEST_ANSWER_ID}."
    if not 1 <= effect.most_choices <= len(answers):
        return "A poll allows at least one choice and at most as many as it has answers."
    return None


def _fits(answer: PollAnswer) -> bool:
    return _said(answer.text, LONGEST_ANSWER) and _said(answer.id, LONGEST_ANSWER_ID)


def _said(text: str, most: int) -> bool:
    return bool(text.strip()) and len(text) <= most and "\0" not in text
