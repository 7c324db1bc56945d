"""From raw Matrix events to what the engine takes; unknown types become nothing, never an exception."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import Edited, Incoming, Membership, Reacted, Redacted, Replaced, Said, Spoke
from supportd.matrix import attached, polls
from supportd.matrix.roomstate import MEMBERSHIPS
from supportd.matrix.shapes import cut, identifier, obj, one_of, room_identifier, text, whole
from supportd.sdk._bounds import LONGEST_REASON
from supportd.sdk._names import visible

if TYPE_CHECKING:
    from supportd.engine.wire import Content, MembershipState
    from supportd.sdk.events import MessageKind
    from supportd.sdk.ids import EventId, RoomId, UserId

#: The most of one text that goes on, bytes of UTF-8, and of a reaction or a display name, characters.
LONGEST_TEXT: Final = 32 * 1024
LONGEST_KEY: Final = 100
LONGEST_NAME: Final = 100

#: What goes on of a room whose words we do not read, besides its state.
OVERHEARD: Final = frozenset({"m.room.encrypted", "m.room.message", "m.reaction", "m.room.redaction", "m.room.tombstone"})
_SPOKEN: Final = frozenset({"m.text", "m.notice", "m.emote"})
_LAST_MOMENT: Final = 253_370_764_800_000


def decode(
    room: str, event: dict[str, Any], clear: tuple[str, dict[str, Any]] | None = None, *, proven: bool = False, previous: str | None = None
) -> Incoming | None:
    """Return what ``event`` means, or ``None``.

    ``clear``: type and content after decryption; ``proven``: authorship shown by cross-signed keys; ``previous``: the membership we
    knew before, where the server does not say it.
    """
    relation, agreed = _relation(event, clear)
    content = _state(event, previous) if "state_key" in event else _message(event, clear, relation)
    verified = (proven and agreed) if clear is not None else isinstance(content, (Membership, Replaced))
    return _incoming(room, event, content, verified=verified)


def overheard(room: str, event: dict[str, Any], previous: str | None = None) -> Incoming | None:
    """Return what ``event`` means to somebody who never looks at words, encrypted or in clear; ``previous`` as in :func:`decode`."""
    content: Content | None = None
    if "state_key" in event:
        content = _state(event, previous)
    elif event.get("type") in {"m.room.encrypted", "m.room.message"}:
        content = _spoke(obj(event.get("content")))
    elif event.get("type") in OVERHEARD:
        content = _message(event, None, obj(event.get("content"), "m.relates_to"))
    return _incoming(room, event, content, verified=isinstance(content, (Membership, Replaced)))


def _incoming(room: str, event: dict[str, Any], content: Content | None, *, verified: bool) -> Incoming | None:
    event_id, sender, at = identifier(event.get("event_id")), identifier(event.get("sender")), _moment(event.get("origin_server_ts"))
    if event_id is None or sender is None or at is None or content is None:
        return None
    return Incoming(cast("EventId", event_id), cast("RoomId", room), at, cast("UserId", sender), content, verified)


def _state(event: dict[str, Any], previous: str | None) -> Content | None:
    content = obj(event.get("content"))
    match event.get("type"):
        case "m.room.member":
            return _member(event, content, previous)
        case "m.room.tombstone" if event.get("state_key") == "":
            replacement = room_identifier(content.get("replacement_room"))
            return Replaced(cast("RoomId", replacement)) if replacement is not None else None
    return None


def _member(event: dict[str, Any], content: dict[str, Any], previous: str | None) -> Content | None:
    subject, state = identifier(event.get("state_key")), one_of(content.get("membership"), MEMBERSHIPS)
    if subject is None or state is None:
        return None
    told = one_of(obj(event, "unsigned", "prev_content").get("membership"), MEMBERSHIPS)
    before = told or one_of(previous, MEMBERSHIPS) or "leave"
    name = text(content.get("displayname"))
    reason = text(content.get("reason")) if state == "knock" else None
    return Membership(
        cast("UserId", subject),
        cast("MembershipState", state),
        cast("MembershipState", before),
        display_name(name) if name else None,
        (reason or "").strip()[:LONGEST_REASON],
    )


def display_name(name: str) -> str | None:
    """Return ``name`` without what is invisible or turns text around."""
    return visible(name)[:LONGEST_NAME] or None


def _relation(event: dict[str, Any], clear: tuple[str, dict[str, Any]] | None) -> tuple[dict[str, Any], bool]:
    """Return what an event relates to, and whether its author says so.

    Of an encrypted event it travels in clear too (specification, "m.relates_to" of encrypted events), where the homeserver could name any
    other message: what stands inside counts, and where both differ, or only the outer one is there, nothing is proven.
    """
    outer = obj(event.get("content"), "m.relates_to")
    inner = obj(clear[1], "m.relates_to") if clear is not None else {}
    return inner or outer, not outer or _named(outer) == _named(inner)


def _named(relation: dict[str, Any]) -> tuple[object, ...]:
    falls_back = relation.get("is_falling_back") is True
    reply = obj(relation, "m.in_reply_to").get("event_id")
    return relation.get("rel_type"), relation.get("event_id"), relation.get("key"), reply, falls_back


def _message(event: dict[str, Any], clear: tuple[str, dict[str, Any]] | None, relation: dict[str, Any]) -> Content | None:
    kind, content = clear if clear is not None else (event.get("type"), obj(event.get("content")))
    match kind:
        case "m.room.message":
            return _said(content, relation)
        case "m.reaction":
            return _reacted(relation)
        case "m.room.redaction" if clear is None:
            # Room version 11 moved ``redacts`` into the content.
            target = identifier(content.get("redacts")) or identifier(event.get("redacts"))
            return Redacted(cast("EventId", target)) if target else None
    return polls.decoded(kind, content, relation)


def _said(content: dict[str, Any], relation: dict[str, Any]) -> Content | None:
    target = identifier(relation.get("event_id"))
    if relation.get("rel_type") == "m.replace":
        new = _written(obj(content, "m.new_content"))
        return Edited(cast("EventId", target), new.text) if target and new is not None else None
    written = _written(content)
    if written is None:
        return None
    thread, reply = _place(relation)
    words = _without_quote(written.text) if reply else written.text
    return replace(written, text=words, in_reply_to=reply, thread=thread)


def _spoke(content: dict[str, Any]) -> Spoke | None:
    """Return that somebody wrote; what was taken back is empty, and who changes a message says nothing new."""
    relation = obj(content, "m.relates_to")
    if not content or relation.get("rel_type") == "m.replace":
        return None
    thread, reply = _place(relation)
    return Spoke(thread, reply)


def _place(relation: dict[str, Any]) -> tuple[EventId | None, EventId | None]:
    """Return the thread a message is in, and what it answers."""
    thread = identifier(relation.get("event_id")) if relation.get("rel_type") == "m.thread" else None
    reply = identifier(obj(relation, "m.in_reply_to").get("event_id"))
    if thread and relation.get("is_falling_back") is True:
        # Then ``m.in_reply_to`` is only there for clients without threads.
        reply = None
    return cast("EventId | None", thread), cast("EventId | None", reply)


def _written(content: dict[str, Any]) -> Said | None:
    """Return the words and the file of a message, without what it answers."""
    body, kind = text(content.get("body")), one_of(content.get("msgtype"), _SPOKEN | attached.FILES)
    if body is None or kind is None:
        return None
    if kind in _SPOKEN:
        return Said(cut(body, LONGEST_TEXT), kind=cast("MessageKind", kind.removeprefix("m.")))
    caption, media = attached.caption(content), attached.media(content)
    # What names no file and says nothing is nothing.
    return Said(cut(caption, LONGEST_TEXT), media=media) if caption or media else None


def _without_quote(body: str) -> str:
    # Old clients repeat what they answer, each line behind "> ", then an empty line.
    if not body.startswith("> "):
        return body
    lines = body.split("\n")
    first = next((at for at, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return "\n".join(lines[first:]).lstrip("\n") or body


def _reacted(relation: dict[str, Any]) -> Content | None:
    target, key = identifier(relation.get("event_id")), text(relation.get("key"))
    if relation.get("rel_type") != "m.annotation" or target is None or not key:
        return None
    return Reacted(cast("EventId", target), key[:LONGEST_KEY])


def _moment(value: Any) -> datetime | None:
    number = whole(value)
    return datetime.fromtimestamp(number / 1000, UTC) if number is not None and 0 <= number < _LAST_MOMENT else None
