"""Who was greeted, how far each newcomer is, and which words wait for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.store import PluginStore, instant, integer, person, table, tables_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.sdk.ids import EventId, PersonId, RoomId

greeted: Final = table("welcome", "greeted", person("person_id", key=True), instant("at"))
#: One row for each person who came, or was there before: see :mod:`supportd_welcome.path` for the states.
path: Final = table(
    "welcome",
    "path",
    person("person_id", key=True),
    text("state"),
    # From here the days are counted; moved by each absence.
    instant("started"),
    # Steps that were taken, with blanks between; one that was put off once has a ? behind.
    text("done"),
    instant("last", null=True),
    instant("wait_until", null=True),
    instant("away", null=True),
    integer("nudged"),
)
spoken: Final = table(
    "welcome",
    "spoken",
    person("person_id", key=True),
    instant("at"),
    text("room", null=True),
    text("event", null=True),
    instant("answered", null=True),
)
alone: Final = table(
    "welcome",
    "alone",
    text("event", key=True),
    text("room"),
    person("person_id"),
    instant("since"),
    # How often key members were asked about them.
    integer("rounds"),
    # When they were last brought up: when they were written, or by the line in the room.
    instant("raised"),
    # Who said that they will look.
    person("helper", null=True),
)
#: Words of the group's own in the place of ours; ``room`` is the key of a room, or nothing.
words: Final = table("welcome", "words", text("key", key=True), text("room", key=True), text("language", key=True), text("text"))

TABLES: Final = tables_of("welcome")


class WelcomeStore(PluginStore):
    """Remembers who was greeted, so that nobody is greeted twice, and where everybody stands."""

    # ---- greeting ------------------------------------------------------------------------------------------------------

    def greet(self, who: PersonId, at: datetime) -> bool:
        """Remember that somebody is greeted now; False when they were greeted before."""
        return self.rows.add(greeted, person_id=who, at=at)

    def greeted_at(self, who: PersonId) -> datetime | None:
        """Return when somebody was greeted."""
        row = self.rows.get(greeted, person_id=who)
        return None if row is None else row["at"]

    # ---- the path ------------------------------------------------------------------------------------------------------

    def begin(self, who: PersonId, state: str, at: datetime) -> bool:
        """Enter somebody on the path; False when they are there."""
        return self.rows.add(path, person_id=who, state=state, started=at, done="", last=None, wait_until=None, away=None, nudged=0)

    def way(self, who: PersonId) -> Mapping[str, Any] | None:
        """Return where somebody stands."""
        return self.rows.get(path, person_id=who)

    def ways(self, **equals: object) -> tuple[Mapping[str, Any], ...]:
        """Return where everybody stands of whom this is so."""
        return self.rows.all(path, **equals)

    def walk(self, who: PersonId, **values: object) -> None:
        """Change where somebody stands."""
        self.rows.change(path, {"person_id": who}, **values)

    def lose(self, who: PersonId) -> None:
        """Forget that somebody came; as if they had not."""
        self.rows.delete(path, person_id=who)

    # ---- words without an answer -------------------------------------------------------------------------------------------

    def speaks(self, who: PersonId, at: datetime, room: RoomId, event: EventId) -> bool:
        """Remember somebody's first words; False when they have spoken before."""
        return self.rows.add(spoken, person_id=who, at=at, room=room, event=event, answered=None)

    def has_spoken(self, who: PersonId, at: datetime) -> None:
        """Remember that somebody spoke before this program looked."""
        self.rows.add(spoken, person_id=who, at=at, room=None, event=None, answered=None)

    def first_words(self) -> tuple[Mapping[str, Any], ...]:
        """Return the first words of everybody, where they are known."""
        return tuple(row for row in self.rows.all(spoken) if row["event"] is not None)

    def leave_open(self, event: EventId, room: RoomId, who: PersonId, at: datetime) -> None:
        """Remember words that wait for an answer."""
        self.rows.add(alone, event=event, room=room, person_id=who, since=at, rounds=0, raised=at, helper=None)

    def open_words(self, event: EventId) -> Mapping[str, Any] | None:
        """Return words that wait for an answer."""
        return self.rows.get(alone, event=event)

    def all_open(self, **equals: object) -> tuple[Mapping[str, Any], ...]:
        """Return what waits for an answer, what was brought up last at the end."""
        return tuple(sorted(self.rows.all(alone, **equals), key=lambda row: (row["raised"], row["event"])))

    def insist(self, event: EventId, **values: object) -> None:
        """Change what is known of words that wait."""
        self.rows.change(alone, {"event": event}, **values)

    def close(self, event: EventId, at: datetime | None) -> None:
        """Forget that words wait; ``at`` is when they had an answer, ``None`` where none is needed any more: then no number counts them."""
        self.rows.delete(alone, event=event)
        if at is not None:
            self.rows.change(spoken, {"event": event, "answered": None}, answered=at)
        else:
            self.rows.change(spoken, {"event": event}, room=None, event=None)

    def unlink(self, who: PersonId) -> None:
        """Keep of somebody's first words only that there were some."""
        self.rows.change(spoken, {"person_id": who}, room=None, event=None, answered=None)

    # ---- words of their own ------------------------------------------------------------------------------------------------

    def own_words(self) -> dict[tuple[str, str, str], str]:
        """Return the group's own words: (key, room or nothing, language) -> text."""
        return {(row["key"], row["room"], row["language"]): row["text"] for row in self.rows.all(words)}

    def write(self, key: str, room: str, language: str, said: str | None) -> None:
        """Keep words of the group's own, or forget them."""
        if said is None:
            self.rows.delete(words, key=key, room=room, language=language)
        else:
            self.rows.put(words, key=key, room=room, language=language, text=said)

    # ---- what is theirs --------------------------------------------------------------------------------------------------

    def export(self, who: PersonId) -> dict[str, object]:
        """Return everything that is kept about somebody."""
        kept: dict[str, object] = {}
        if (at := self.greeted_at(who)) is not None:
            kept["greeted"] = at.isoformat()
        if (way := self.way(who)) is not None:
            kept["path"] = {key: _plain(value) for key, value in way.items() if key != "person_id"}
        if (first := self.rows.get(spoken, person_id=who)) is not None:
            kept["first_words"] = {key: _plain(value) for key, value in first.items() if key != "person_id"}
        if waiting := self.all_open(person_id=who):
            kept["waiting_for_an_answer"] = [{key: _plain(row[key]) for key in ("event", "room", "since", "rounds")} for row in waiting]
        if helping := self.all_open(helper=who):
            kept["said_they_will_look_at"] = [row["event"] for row in helping]
        return kept

    def forget(self, who: PersonId) -> None:
        """Delete what is known about somebody."""
        for each in (greeted, path, spoken, alone):
            self.rows.delete(each, person_id=who)
        self.rows.change(alone, {"helper": who}, helper=None)


def _plain(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
