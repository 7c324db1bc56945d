"""Three weeks of a rota, as a play for the crash tests: two people share a duty, one says no, one cannot, and takes it back too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.engine import wire
from tests.crash.scripted import Evening

if TYPE_CHECKING:
    from supportd.sdk.ids import EventId, RoomId


@dataclass
class Duties(Evening):
    """Three weeks, six hours at a time; the plan is made on Thursdays."""

    length: timedelta = timedelta(days=21)
    step: timedelta = timedelta(hours=6)

    def begin(self) -> None:
        """Let both say what they can give, and what there is to do."""
        self.commands = {
            # Turned on while it plays: that is when it begins to wait for Thursdays.
            "r01": ("plugins", "off", "rota"),
            "r02": ("plugins", "on", "rota"),
            "r1": ("rota", "duty", "listen", "tue", "19:00", "21:00", "2"),
            "r2": ("rota", "duty", "digest", "fri", "10:00", "12:00", "1"),
            "r3": ("rota", "give", "4", "all", "Ann"),
            "r4": ("rota", "give", "2", "all", "Ed"),
        }

    def _answer(self, room: RoomId, label: str, text: str, event: EventId) -> None:
        """Ann takes what is proposed and gives one duty back; Ed says no at first, and covers for Ann."""
        who = label[8:].partition(":")[0]
        if text.startswith("Could you take these duties"):
            self._event(room, who, wire.Reacted(event, "👍" if who == "ann" else "👎"))
        elif text.startswith("Could you take this duty"):
            self._event(room, who, wire.Said("yes", in_reply_to=event))
        elif text.startswith("Thank you, they are yours"):
            self._event(room, who, wire.Said("cover me"))
        elif text.startswith("It is yours") and who == "ed":
            self._event(room, who, wire.Said("low week next"))
