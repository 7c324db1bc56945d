"""What the plugin keeps: which room is of which kind, who waits for a place, what was changed by whom, the group's own templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.store import PluginStore, instant, integer, person, table, tables_of, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from supportd.sdk.ids import PersonId
    from supportd.sdk.rooms import Setting

NAME: Final = "confidential_rooms"

rooms: Final = table(
    NAME,
    "rooms",
    text("key", key=True),
    text("template"),
    integer("cap"),
    integer("keep_days"),
    #: making, open, locked, closed
    text("state"),
    #: Who a private talk or a review is with, or about: nobody else hears of the room.
    person("about", null=True),
    person("asked_by", null=True),
    instant("made"),
)
#: People who have, or wait for, a place in a room; ``since`` is the order of asking.
places: Final = table(NAME, "places", text("key", key=True), person("person_id", key=True), text("state"), instant("since"))
#: Settings that were seen to differ and are being set back; deleted when the key members have been told.
drifts: Final = table(NAME, "drifts", text("key", key=True), text("setting", key=True), person("by_id", null=True), instant("at"))
#: Changes of the group's own to the shipped templates: the whole template as JSON.
templates: Final = table(NAME, "templates", text("key", key=True), text("base"), text("changes"))
#: Facts of the whole group, such as since when it is shut.
facts: Final = table(NAME, "facts", text("name", key=True), text("value"), instant("at"))

#: What people are being asked about and is not decided: a talk, a second circle, a merging, a pair, a review. ``rooms``: their words, with
#: commas; ``about`` and ``asked_by``: whom it is for, and who wanted it.
plans: Final = table(
    NAME,
    "plans",
    text("key", key=True),
    text("kind"),
    text("rooms"),
    text("state"),
    person("about", null=True),
    person("asked_by", null=True),
    instant("at"),
)
#: What somebody said to a plan; deleted with it.
voices: Final = table(NAME, "voices", text("plan", key=True), person("person_id", key=True), text("answer"), instant("at"))
#: Who takes a break, or leaves for good: nobody calls them until they are back. ``kept``: until when their places wait for them.
away: Final = table(NAME, "away", person("person_id", key=True), text("kind"), instant("since"), instant("kept"))

TABLES: Final = tables_of(NAME)


class RoomStore(PluginStore):
    """Rows with names of this plugin's own."""

    # ---- rooms -------------------------------------------------------------------------------------------------------

    def room(self, key: str) -> Mapping[str, Any] | None:
        """Return what is known of a room."""
        return self.rows.get(rooms, key=key)

    def all_rooms(self) -> tuple[Mapping[str, Any], ...]:
        """Return what is known of all rooms."""
        return self.rows.all(rooms)

    def begin(self, key: str, template: str, *, cap: int, keep_days: int, at: datetime, **who: PersonId | None) -> bool:
        """Remember a room that is being made; ``False`` when there is one with this key."""
        values = {"key": key, "template": template, "cap": cap, "keep_days": keep_days, "state": "making", "made": at}
        return self.rows.add(rooms, **values, **who)

    def settle(self, key: str, **values: object) -> None:
        """Change what is known of a room."""
        self.rows.change(rooms, {"key": key}, **values)

    def end(self, key: str) -> None:
        """Forget a room."""
        self.rows.delete(rooms, key=key)
        self.rows.delete(places, key=key)
        self.rows.delete(drifts, key=key)

    # ---- places ------------------------------------------------------------------------------------------------------

    def place(self, key: str, who: PersonId, state: str, at: datetime) -> bool:
        """Remember that somebody has a place, or waits for one; ``False`` when that was known."""
        row = self.rows.get(places, key=key, person_id=who)
        if row is not None and row["state"] == state:
            return False
        self.rows.put(places, key=key, person_id=who, state=state, since=at)
        return True

    def restate(self, key: str, who: PersonId, state: str) -> None:
        """Change how somebody stands to a room, and leave them their turn in the order of asking."""
        self.rows.change(places, {"key": key, "person_id": who}, state=state)

    def places(self, key: str, state: str) -> tuple[PersonId, ...]:
        """Return who has this state in a room, in the order of asking."""
        found = sorted(self.rows.all(places, key=key, state=state), key=lambda row: (row["since"], row["person_id"]))
        return tuple(row["person_id"] for row in found)

    def leave(self, key: str, who: PersonId) -> None:
        """Give up somebody's place."""
        self.rows.delete(places, key=key, person_id=who)

    def state_of(self, key: str, who: PersonId) -> str | None:
        """Return how somebody stands to a room: in, waiting, away, gone (a break that was too long), moved (to another room)."""
        row = self.rows.get(places, key=key, person_id=who)
        return None if row is None else row["state"]

    def places_of(self, who: PersonId) -> Mapping[str, str]:
        """Return every room somebody stands to, and how."""
        return {row["key"]: row["state"] for row in self.rows.all(places, person_id=who)}

    def taken(self, key: str) -> frozenset[PersonId]:
        """Return who has a place in a room, there or on a break."""
        return frozenset((*self.places(key, "in"), *self.places(key, "away")))

    # ---- plans -------------------------------------------------------------------------------------------------------

    def plan(self, key: str) -> Mapping[str, Any] | None:
        """Return something people are being asked about."""
        return self.rows.get(plans, key=key)

    def plans(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """Return everything of one kind that people are being asked about."""
        return self.rows.all(plans, kind=kind)

    def begin_plan(self, kind: str, at: datetime, *, rooms: str = "", **who: PersonId | None) -> str:
        """Remember a plan under a key that no room and no plan has; return the key."""
        used = {row["key"] for row in (*self.all_rooms(), *self.rows.all(plans))}
        key = next(key for number in range(1, len(used) + 2) if (key := f"{kind}-{number}") not in used)
        self.rows.put(plans, key=key, kind=kind, rooms=rooms, state="asked", at=at, **who)
        return key

    def settle_plan(self, key: str, **values: object) -> None:
        """Change what is known of a plan."""
        self.rows.change(plans, {"key": key}, **values)

    def end_plan(self, key: str) -> None:
        """Forget a plan and what was said to it."""
        self.rows.delete(plans, key=key)
        self.rows.delete(voices, plan=key)

    def voice(self, plan: str, who: PersonId, answer: str, at: datetime) -> None:
        """Remember what somebody said to a plan."""
        self.rows.put(voices, plan=plan, person_id=who, answer=answer, at=at)

    def voices(self, plan: str) -> Mapping[PersonId, str]:
        """Return what people said to a plan."""
        return {row["person_id"]: row["answer"] for row in self.rows.all(voices, plan=plan)}

    # ---- breaks ------------------------------------------------------------------------------------------------------

    def away(self, who: PersonId) -> Mapping[str, Any] | None:
        """Return the break somebody takes, or their leaving."""
        return self.rows.get(away, person_id=who)

    def go(self, who: PersonId, kind: str, since: datetime, kept: datetime) -> None:
        """Remember that somebody takes a break or leaves."""
        self.rows.put(away, person_id=who, kind=kind, since=since, kept=kept)

    def come(self, who: PersonId) -> None:
        """Remember that somebody is back."""
        self.rows.delete(away, person_id=who)

    def everybody_away(self) -> tuple[Mapping[str, Any], ...]:
        """Return all breaks, and all who leave."""
        return self.rows.all(away)

    def gone(self) -> frozenset[PersonId]:
        """Return who takes a break or leaves: nobody invites them unasked, and they hold no room."""
        return frozenset(row["person_id"] for row in self.rows.all(away))

    # ---- drifts ------------------------------------------------------------------------------------------------------

    def drift(self, key: str, setting: str, by: PersonId | None, at: datetime) -> None:
        """Remember that a setting was changed."""
        self.rows.put(drifts, key=key, setting=setting, by_id=by, at=at)

    def drifted(self, key: str) -> Mapping[Setting, PersonId | None]:
        """Return which settings of a room were changed, and by whom of the group."""
        return {row["setting"]: row["by_id"] for row in self.rows.all(drifts, key=key)}

    def told(self, key: str, settings: Iterable[str]) -> None:
        """Forget that these settings were changed."""
        for setting in settings:
            self.rows.delete(drifts, key=key, setting=setting)

    # ---- the rest ----------------------------------------------------------------------------------------------------

    def own_templates(self) -> Mapping[str, tuple[str, str]]:
        """Return the group's own templates: key -> the shipped one it comes from, and its changes as JSON."""
        return {row["key"]: (row["base"], row["changes"]) for row in self.rows.all(templates)}

    def keep_template(self, key: str, base: str, changes: str) -> None:
        """Keep a template of the group's own."""
        self.rows.put(templates, key=key, base=base, changes=changes)

    def fact(self, name: str) -> str | None:
        """Return a fact of the group."""
        row = self.rows.get(facts, name=name)
        return None if row is None else row["value"]

    def set_fact(self, name: str, value: str | None, at: datetime) -> None:
        """Keep or forget a fact of the group."""
        if value is None:
            self.rows.delete(facts, name=name)
        else:
            self.rows.put(facts, name=name, value=value, at=at)

    # ---- people ------------------------------------------------------------------------------------------------------

    def forget(self, who: PersonId) -> None:
        """Delete what is known about somebody; a room stays a room."""
        self.rows.delete(places, person_id=who)
        self.rows.delete(voices, person_id=who)
        self.rows.delete(away, person_id=who)
        self.rows.change(plans, {"about": who}, about=None)
        self.rows.change(plans, {"asked_by": who}, asked_by=None)
        self.rows.change(drifts, {"by_id": who}, by_id=None)
        self.rows.change(rooms, {"about": who}, about=None)
        self.rows.change(rooms, {"asked_by": who}, asked_by=None)

    def export(self, who: PersonId) -> dict[str, object]:
        """Return what is known about somebody."""
        own = self.rows.all(places, person_id=who)
        named = (*self.rows.all(rooms, about=who), *self.rows.all(rooms, asked_by=who))
        changed = self.rows.all(drifts, by_id=who)
        plans_of = (*self.rows.all(plans, about=who), *self.rows.all(plans, asked_by=who))
        voices_of, pause = self.rows.all(voices, person_id=who), self.away(who)
        found: dict[str, object] = {
            "places": [{"room": row["key"], "state": row["state"], "since": row["since"].isoformat()} for row in own],
            "rooms": sorted({row["key"] for row in named}),
            "changes": [{"room": row["key"], "setting": row["setting"]} for row in changed],
            "asked": sorted({row["key"] for row in plans_of}),
            "answers": [{"to": row["plan"], "answer": row["answer"], "at": row["at"].isoformat()} for row in voices_of],
            "break": {} if pause is None else {"kind": pause["kind"], "place kept until": pause["kept"].isoformat()},
        }
        return {name: value for name, value in found.items() if value}
