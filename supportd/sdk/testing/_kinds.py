"""What else may happen in a story: files, words unread, polls, knocks, invitations, rooms that are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.sdk import _bounds
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.ids import RoomId

if TYPE_CHECKING:
    from supportd.sdk.testing._acts import Act
    from supportd.sdk.testing._world import World


def sends_file(
    name: str,
    file: str,
    caption: str = "",
    room: str | None = None,
    *,
    kind: ev.MediaKind = "file",
    media_type: str = _bounds.UNKNOWN_TYPE,
    size: int | None = None,
    proven: bool = True,
) -> Act:
    """Let somebody send a file called ``file`` to a room (the circle)."""

    def act(world: World) -> None:
        id_ = world.next_id()
        world.said.append(id_)
        media = ev.Media(kind=kind, name=file, media_type=media_type, size=size)
        where, author = world.room(room).id, world.person(name).id
        event = ev.MessagePosted(
            id=id_, group=world.group, at=world.now, room=where, author=author, text=caption, proven=proven, media=media
        )
        world.tell(event)

    return act


def speaks(name: str, room: str | None = None) -> Act:
    """Let somebody write in a room (the circle) whose words the program does not read."""

    def act(world: World) -> None:
        where, author = world.room(room).id, world.person(name).id
        world.tell(ev.SomebodySpoke(id=world.next_id(), group=world.group, at=world.now, room=where, author=author))

    return act


def starts_poll(
    name: str, question: str, *answers: str, room: str | None = None, most_choices: int = 1, disclosed: bool = True, proven: bool = True
) -> Act:
    """Let somebody put a poll to a room (the circle); each answer's text is its id too."""

    def act(world: World) -> None:
        poll = ev.PollStarted(
            id=world.next_id(),
            group=world.group,
            at=world.now,
            room=world.room(room).id,
            author=world.person(name).id,
            question=question,
            answers=tuple(ev.PollAnswer(one, one) for one in answers),
            most_choices=most_choices,
            disclosed=disclosed,
            proven=proven,
        )
        world.polls.append(poll)
        world.tell(poll)

    return act


def polls_appear() -> Act:
    """Let the homeserver show what polls the plugin has started and ended, so that it hears of them."""

    def act(world: World) -> None:
        wanted, world.wanted_polls = world.wanted_polls, []
        for one in wanted:
            id_, at, group = world.next_id(), world.now, world.group
            if isinstance(one, fx.EndPoll):
                world.tell(ev.PollEnded(id=id_, group=group, at=at, room=one.room, by=None, target=one.target))
                continue
            poll = ev.PollStarted(
                id=id_,
                group=group,
                at=at,
                room=one.room,
                author=None,
                question=one.question,
                answers=one.answers,
                most_choices=one.most_choices,
                disclosed=one.disclosed,
            )
            world.polls.append(poll)
            world.tell(poll)

    return act


def votes(name: str, *answers: str, proven: bool = True) -> Act:
    """Let somebody choose answers, by id or text, in the last poll of the story; none takes an earlier choice back."""

    def act(world: World) -> None:
        poll, person = _last(world), world.person(name).id
        ids = {each: one.id for one in poll.answers for each in (one.text, one.id)}
        unknown = [one for one in answers if one not in ids]
        if unknown:
            raise AssertionError(f"“{unknown[0]}” is no answer of the poll “{poll.question}”.")
        chosen = tuple(ids[one] for one in answers)
        world.tell(
            ev.PollAnswered(
                id=world.next_id(),
                group=world.group,
                at=world.now,
                room=poll.room,
                author=person,
                target=poll.id,
                answers=chosen,
                proven=proven,
            )
        )

    return act


def ends_poll(name: str, *, proven: bool = True) -> Act:
    """Let somebody end the last poll of the story."""

    def act(world: World) -> None:
        poll, by = _last(world), world.person(name).id
        event = ev.PollEnded(id=world.next_id(), group=world.group, at=world.now, room=poll.room, by=by, target=poll.id, proven=proven)
        world.tell(event)

    return act


def member_invited(name: str, room: str | None = None) -> Act:
    """Let somebody of the group be invited to a room (the circle)."""

    def act(world: World) -> None:
        where, member = world.room(room).id, world.person(name).id
        world.tell(ev.MemberInvited(id=world.next_id(), group=world.group, at=world.now, room=where, member=member))

    return act


def knocks(name: str | None, reason: str = "", room: str | None = None) -> Act:
    """Let somebody (``None``: not of the group) ask to be let into a room (the circle)."""

    def act(world: World) -> None:
        id_, where = world.next_id(), world.room(room).id
        person = world.person(name).id if name is not None else None
        shown = "" if name is not None else "Somebody (@somebody:test)"
        world.tell(
            ev.KnockReceived(id=id_, group=world.group, at=world.now, room=where, knock=id_, person=person, reason=reason, shown=shown)
        )

    return act


def room_upgraded(by: str | None = None, room: str | None = None) -> Act:
    """Let somebody (``None``: not of the group) close a room (the circle) and open another in its place."""

    def act(world: World) -> None:
        id_, where = world.next_id(), world.room(room).id
        person = world.person(by).id if by is not None else None
        replacement = RoomId(f"!{'next'.ljust(43, '0')}")
        world.tell(ev.RoomUpgraded(id=id_, group=world.group, at=world.now, room=where, replacement=replacement, by=person))

    return act


def _last(world: World) -> ev.PollStarted:
    if not world.polls:
        raise AssertionError("There is no poll in this story yet: add starts_poll(…), or polls_appear() for the plugin's own.")
    return world.polls[-1]
