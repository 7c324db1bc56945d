"""Polls as clients write them (MSC3381): the names of the specification to come, and those of the drafts that most clients use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import Closed, Polled, Voted
from supportd.matrix.shapes import identifier, obj, objects, text, whole
from supportd.sdk._bounds import LONGEST_ANSWER, LONGEST_ANSWER_ID, LONGEST_QUESTION, MOST_ANSWERS
from supportd.sdk.events import PollAnswer

if TYPE_CHECKING:
    from supportd.engine.wire import Content, SendPoll, SendPollEnd
    from supportd.sdk.ids import EventId

#: We send these, because clients in the field know no others.
START: Final = "org.matrix.msc3381.poll.start"
RESPONSE: Final = "org.matrix.msc3381.poll.response"
END: Final = "org.matrix.msc3381.poll.end"
TEXT: Final = "org.matrix.msc1767.text"

_STARTS: Final = frozenset({START, "m.poll.start"})
_RESPONSES: Final = frozenset({RESPONSE, "m.poll.response"})
_ENDS: Final = frozenset({END, "m.poll.end"})
_BODIES: Final = ("m.poll", "m.poll.start", START)
_DISCLOSED: Final = frozenset({"m.disclosed", "m.poll.disclosed", "org.matrix.msc3381.poll.disclosed"})
#: Entries of an extensible text that are looked at for a plain one.
_MOST_FORMS: Final = 10


def decoded(kind: Any, content: dict[str, Any], relation: dict[str, Any]) -> Content | None:
    """Return what an event of a poll means, ``None`` for every other event; ``relation`` travels in clear."""
    if not isinstance(kind, str) or relation.get("rel_type") == "m.replace":
        return None
    if kind in _STARTS:
        return _polled(content)
    target = identifier(relation.get("event_id")) if relation.get("rel_type") == "m.reference" else None
    if target is None:
        return None
    if kind in _RESPONSES:
        return _voted(content, cast("EventId", target))
    return Closed(cast("EventId", target)) if kind in _ENDS else None


def _polled(content: dict[str, Any]) -> Content | None:
    body = next((found for name in _BODIES if (found := obj(content, name))), {})
    question = _text(body.get("question"), LONGEST_QUESTION)
    answers: dict[str, PollAnswer] = {}
    for one in objects(body.get("answers")):
        id_, words = _answer_id(one.get("m.id", one.get("id"))), _text(one, LONGEST_ANSWER)
        if id_ is not None and words and len(answers) < MOST_ANSWERS:
            answers.setdefault(id_, PollAnswer(id_, words))
    if not question or not answers:
        return None
    most = whole(body.get("max_selections"))
    choices = min(max(most if most is not None else 1, 1), len(answers))
    disclosed = isinstance(body.get("kind"), str) and body["kind"] in _DISCLOSED
    return Polled(question, tuple(answers.values()), choices, disclosed)


def _voted(content: dict[str, Any], target: EventId) -> Content | None:
    chosen = content.get("m.selections", obj(content, RESPONSE).get("answers", obj(content, "m.poll.response").get("answers")))
    if not isinstance(chosen, list):
        # Without a list it says nothing; with an empty one it takes an earlier choice back.
        return None
    ids = [id_ for one in chosen[: 5 * MOST_ANSWERS] if (id_ := _answer_id(one)) is not None]
    if chosen and not ids:
        return None
    return Voted(target, tuple(dict.fromkeys(ids))[:MOST_ANSWERS])


def _answer_id(value: Any) -> str | None:
    found = text(value)
    return found if found and found == value and len(found) <= LONGEST_ANSWER_ID else None


def _text(value: Any, most: int) -> str:
    """Return the plain text of extensible content (MSC1767, and the forms it had before); empty without one."""
    held = obj(value)
    for name in ("m.text", TEXT, "m.message", "org.matrix.msc1767.message", "body"):
        found = _plain(held.get(name))
        if found:
            return found[:most].strip()
    return ""


def _plain(value: Any) -> str | None:
    if isinstance(value, list):
        forms = objects(value[:_MOST_FORMS])
        value = next((one.get("body") for one in forms if one.get("mimetype", "text/plain") == "text/plain"), None)
    found = text(value)
    return found.strip() if found else None


def start_of(job: SendPoll) -> dict[str, Any]:
    """Return the content of a poll's start."""
    poll = job.poll
    lines = [poll.question, *[f"{number}. {one.text}" for number, one in enumerate(poll.answers, 1)]]
    return {
        TEXT: "\n".join(lines),
        START: {
            "kind": f"org.matrix.msc3381.poll.{'disclosed' if poll.disclosed else 'undisclosed'}",
            "max_selections": poll.most_choices,
            "question": {TEXT: poll.question, "body": poll.question, "msgtype": "m.text"},
            "answers": [{"id": one.id, TEXT: one.text} for one in poll.answers],
        },
    }


def end_of(job: SendPollEnd) -> dict[str, Any]:
    """Return the content of a poll's end."""
    return {TEXT: job.text, "body": job.text, END: {}, "m.relates_to": {"rel_type": "m.reference", "event_id": job.target}}
