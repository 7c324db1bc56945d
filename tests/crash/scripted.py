"""A fake homeserver for one scripted evening; it says so, and lives in the parent, where no kill reaches it.

What it was sent it keeps. Like Synapse it answers a repeated (account, transaction id) with the event it made the first time, and finds a
room again by its marker; those repeats are counted apart from true doubles. Time passes by two minutes whenever there is nothing new.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Client, Listener
from typing import TYPE_CHECKING, cast

from supportd.engine import wire
from supportd.sdk.ids import EventId, RoomId, UserId

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

MAIN = RoomId("!main:test")
START = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
LENGTH = timedelta(minutes=24)
#: How much time passes when there is nothing new.
STEP = timedelta(minutes=2)
PER_SYNC = 3
KEY_MEMBERS = ("ann", "ed")
READER = UserId("@reader:test")
#: How a key member's word of a stranger begins; then comes the name.
STRANGER = "Automatic message. Somebody who is not in the group came into the room main: "
#: What key members say when they are told of a stranger: (key member, stranger's name) -> word; of Eve nobody says anything.
ABOUT_STRANGERS = {("ann", "Di"): "people add Di @di:test", ("ed", "Fay"): "send away @fay:test"}


@dataclass
class Synced:
    """The answer to one sync; ``commands``: (id, words) from the terminal that were not answered yet."""

    events: tuple[wire.Incoming, ...]
    echoes: tuple[wire.EchoMark, ...]
    token: str
    now: datetime
    commands: tuple[tuple[str, tuple[str, ...]], ...]
    over: bool


@dataclass
class Evening:
    """What happened on the homeserver up to now."""

    now: datetime = START
    timeline: list[wire.Incoming | wire.EchoMark] = field(default_factory=list)
    rooms: dict[str, RoomId] = field(default_factory=dict)
    labels: dict[RoomId, str] = field(default_factory=lambda: {MAIN: "main"})
    sent: dict[tuple[str, str], EventId] = field(default_factory=dict)
    #: What members saw: (room, what), each once for each time they saw it.
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeats: int = 0
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: How long it is, and how much time passes when there is nothing new.
    length: timedelta = LENGTH
    step: timedelta = STEP
    #: Time does not pass because somebody starts again: they look at the hour in which they were killed.
    started_anew: bool = True
    _done: set[str] = field(default_factory=set)
    _questions: list[tuple[RoomId, str, EventId]] = field(default_factory=list)

    def begin(self) -> None:
        """Let the evening begin."""
        self.commands = {
            "r1": ("settings", "set", "hello", "greeting", "Good evening"),
            "r2": ("plugins", "on", "places"),
            "r3": ("open", "room", "garden"),
        }
        for who in ("bo", "cy"):
            self._comes(who, invited=True)
        self._event(MAIN, "bo", wire.Said("Is anybody here?"))
        # Nobody of ours invited these: whatever they say, they are strangers until somebody enters them.
        for who in ("eve", "di", "fay"):
            self._comes(who)
        self._event(MAIN, "eve", wire.Said("May I ask something?"))

    def _comes(self, who: str, *, invited: bool = False) -> None:
        user = UserId(f"@{who}:test")
        if invited:
            self._event(MAIN, "doorkeeper", wire.Membership(user, "invite", "leave", who.capitalize()))
        self._event(MAIN, who, wire.Membership(user, "join", "invite" if invited else "leave", who.capitalize()))

    def sync(self, since: str | None) -> Synced:
        """Return what is new."""
        at = int(since or 0)
        new = self.timeline[at : at + PER_SYNC]
        if not new and not self.commands and not self.started_anew:
            self.now += self.step
        self.started_anew = False
        return Synced(
            tuple(one for one in new if isinstance(one, wire.Incoming)),
            tuple(one for one in new if isinstance(one, wire.EchoMark)),
            str(at + len(new)),
            self.now,
            tuple(self.commands.items()),
            over=not new and not self.commands and self.now > START + self.length,
        )

    def answered(self, command: str) -> None:
        """Forget a command whose answer arrived."""
        self.commands.pop(command, None)

    def perform(self, account: wire.Account, job: wire.Job) -> wire.Outcome:
        """Do what our side asks for, as Synapse would."""
        if isinstance(job, (wire.SendMessage, wire.SendReaction, wire.SendRedaction)):
            return self._send(account, job)
        if isinstance(job, wire.MakeRoom):
            return self._make(job)
        if isinstance(job, (wire.InvitePerson, wire.RemovePerson)):
            kind = "invited" if isinstance(job, wire.InvitePerson) else "removed"
            self._once(f"{kind} {job.person}", job.room)
            if kind == "invited":
                self._join(job.room, job.person)
            elif (job.room, job.person) not in self._done_pairs():
                self._event(job.room, "doorkeeper", wire.Membership(job.person, "leave", "join"))
                self._done.add(f"left {job.room} {job.person}")
            return wire.Done()
        return wire.Done()

    def _done_pairs(self) -> set[tuple[RoomId, str]]:
        return {(RoomId(one.split()[1]), one.split()[2]) for one in self._done if one.startswith("left ")}

    def _once(self, what: str, room: RoomId) -> None:
        # Looking first makes these idempotent on the real side, so a repeat is nothing that members see.
        if f"{room} {what}" in self._done:
            self.repeats += 1
            return
        self._done.add(f"{room} {what}")
        self.seen[self.labels[room], what] += 1

    def _send(self, account: wire.Account, job: wire.SendMessage | wire.SendReaction | wire.SendRedaction) -> wire.Outcome:
        known = self.sent.get((account, job.transaction))
        if known is not None:
            self.repeats += 1
            return wire.Done(event=known)
        event = self.sent[account, job.transaction] = EventId(f"$sent{len(self.sent)}")
        self.timeline.append(wire.EchoMark(job.transaction, event))
        label = self.labels[job.room]
        text = job.text if isinstance(job, wire.SendMessage) else type(job).__name__
        self.seen[label, text] += 1
        self._answer(job.room, label, text, event)
        return wire.Done(event=event)

    def _make(self, job: wire.MakeRoom) -> wire.Outcome:
        room = self.rooms.get(job.marker)
        if room is not None:
            self.repeats += 1
            return wire.Done(room=room)
        room = self.rooms[job.marker] = RoomId(f"!room{len(self.rooms)}:test")
        label = self.labels[room] = f"direct {job.invite[0]}" if job.spec.kind == "direct" else job.spec.name
        self.seen[label, "made"] += 1
        for person in job.invite:
            self._join(room, person)
        return wire.Done(room=room)

    def _join(self, room: RoomId, person: UserId) -> None:
        if f"in {room} {person}" not in self._done:
            self._done.add(f"in {room} {person}")
            self._event(room, person[1:].split(":")[0], wire.Membership(person, "join", "invite", person[1:3].capitalize()))

    def _answer(self, room: RoomId, label: str, text: str, event: EventId) -> None:
        """Let people answer what they were sent: Ann leaves Cy to Ed and enters Di, Ed sends Fay away, both may agree to a removal."""
        if text in {"Will you say hello to Bo?", "Will you say hello to Di?"} and label == "direct @ann:test":
            self._event(room, "ann", wire.Said("Yes!", in_reply_to=event))
        elif text == "Will you say hello to Cy?" and label == "direct @ed:test":
            self._event(room, "ed", wire.Reacted(event, "👍"))
        elif text.startswith(STRANGER):
            who = label[8:].partition(":")[0]
            word = ABOUT_STRANGERS.get((who, text.removeprefix(STRANGER).partition(" ")[0]))
            if word is not None:
                self._event(room, who, wire.Said(word))
        elif text == "Ann meets Bo.":
            self._event(MAIN, "cy", wire.Said("Please remove me"))
        elif text.startswith("May I remove"):
            # The first of the two waits for the other to be asked too, so that every evening goes the same way.
            self._questions.append((room, label[8:].partition(":")[0], event))
            if len(self._questions) == len(KEY_MEMBERS):
                first, who, question = self._questions[0]
                self._event(first, who, wire.Said("yes", in_reply_to=question))
        elif text == "Ed meets Cy." or text.startswith("How was it, Bo"):
            who, chat = ("ann", "direct @ann:test") if text.startswith("How") else ("ed", "direct @ed:test")
            own = next((one for one, name in self.labels.items() if name == chat), None)
            if own is not None:
                self._event(own, who, wire.Said(f"open room {who}s"))

    def _event(self, room: RoomId, sender: str, content: wire.Content) -> None:
        id_ = EventId(f"$event{len(self.timeline)}")
        self.timeline.append(wire.Incoming(id_, room, self.now, UserId(f"@{sender}:test"), content, verified=True))


class Server:
    """Answers children at a socket until it is closed; one evening after the other."""

    def __init__(self, path: Path) -> None:
        """Listen at ``path``."""
        self.path = path
        self.evening = Evening()
        self._listener = Listener(str(path), "AF_UNIX")
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:
                return
            self._serve(connection)

    def _serve(self, connection: Connection[object, object]) -> None:
        self.evening.started_anew = True
        with contextlib.suppress(EOFError, OSError), connection:
            while True:
                name, arguments = cast("tuple[str, tuple[object, ...]]", connection.recv())
                connection.send(getattr(self.evening, name)(*arguments))

    def close(self) -> None:
        """Stop."""
        self._listener.close()
        # The thread waits in accept, which closing alone does not end.
        with contextlib.suppress(OSError):
            Client(str(self.path), "AF_UNIX").close()
