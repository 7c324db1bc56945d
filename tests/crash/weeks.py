"""The first weeks of two newcomers, as a play for the crash tests: one answers everything, the other writes and waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.engine import wire
from tests.crash.scripted import MAIN, Evening

if TYPE_CHECKING:
    from supportd.sdk.ids import EventId, RoomId

#: What Bo answers to the question that begins like this.
BO = {
    "May I tell the room": "yes",
    "Automatic message. These are our ground rules": "👍",
    "Automatic message. What shall we call you": "call me Bobby",
    "Automatic message. How do you want": "5",
    "Automatic message. May your words": "nameless",
    "Automatic message. Would you like a buddy": "yes",
    "Automatic message. How is it here": "talk",
}


@dataclass
class Weeks(Evening):
    """Thirty days, six hours at a time."""

    length: timedelta = timedelta(days=30)
    step: timedelta = timedelta(hours=6)
    answered_by: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Let both come; Cy writes."""
        self.commands = {"r1": ("settings", "set", "welcome", "delay_minutes", "5")}
        for who in ("bo", "cy"):
            self._comes(who, invited=True)
        self._event(MAIN, "cy", wire.Said("I am new here."))

    def _answer(self, room: RoomId, label: str, text: str, event: EventId) -> None:
        """Let Bo answer what Bo is asked, Ed say yes to a hello, and both to words that wait, of whom one forgets."""
        if label == "direct @bo:test":
            for begin, words in BO.items():
                if text.startswith(begin):
                    said = wire.Reacted(event, words) if words == "👍" else wire.Said(words)
                    self._event(room, "bo", said)
        elif text.startswith("Automatic message. Bo is new") and label == "direct @ed:test":
            self._event(room, "ed", wire.Said("yes", in_reply_to=event))
        elif "had no answer for" in text and label not in self.answered_by:
            self.answered_by.add(label)
            who = label[8:].partition(":")[0]
            self._event(room, who, wire.Said("yes", in_reply_to=event))
            if len(self.answered_by) > 1:
                # The first one promised and forgot.
                self._event(MAIN, who, wire.Said("Hello Cy, good that you are here."))
