"""Which duties there are, who gives how much, who holds what, and who was asked; never why somebody cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.store import PluginStore, instant, integer, person, table, tables_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from supportd.sdk.ids import PersonId
    from supportd_rota.times import Window

#: What comes back every week: wall time of the group's zone, load in tenths of a spoon, weight if nobody holds it.
duties: Final = table(
    "rota",
    "duties",
    text("key", key=True),
    text("kind"),
    # Days of the week with blanks between, 0 is Monday.
    text("days"),
    text("begins"),
    text("ends"),
    integer("load"),
    integer("heavy"),
    integer("weight"),
)
#: What somebody offers: tenths of a spoon in a usual week, and the kinds of duty they do, with blanks between; ``standing`` are the kinds
#: that they need not be asked about.
givers: Final = table("rota", "givers", person("person_id", key=True), integer("offer"), text("kinds"), text("standing"))
#: A week that is not usual: ``week`` is the date of its Monday, ``share`` hundredths of the offer.
weeks: Final = table("rota", "weeks", person("person_id", key=True), text("week", key=True), integer("share"))
#: One duty on one day. ``state``: open, proposed or held. ``asking``: whom an open one is put to next, two, all or told; with a ? behind
#: while they are being asked.
slots: Final = table(
    "rota",
    "slots",
    text("key", key=True),
    text("kind"),
    instant("starts"),
    instant("ends"),
    integer("load"),
    integer("heavy"),
    integer("weight"),
    text("state"),
    person("holder", null=True),
    text("asking"),
)
#: Who was asked about a slot or gave it back: they are not asked again for it. Forgotten when it is over.
asked: Final = table("rota", "asked", text("slot", key=True), person("person_id", key=True))
#: What somebody gave back last, with blanks between, so that they can take it back.
gave: Final = table("rota", "gave", person("person_id", key=True), text("slots"))

TABLES: Final = tables_of("rota")
OPEN, PROPOSED, HELD = "open", "proposed", "held"


class RotaStore(PluginStore):
    """The rows of the rota."""

    # ---- what there is to do ---------------------------------------------------------------------------------------------

    def duties(self) -> tuple[Mapping[str, Any], ...]:
        """Return what comes back every week."""
        return tuple(sorted(self.rows.all(duties), key=lambda row: row["key"]))

    def add_duty(self, key: str, **values: object) -> bool:
        """Enter a duty; False when the key is taken."""
        return self.rows.add(duties, key=key, **values)

    def end_duty(self, key: str) -> bool:
        """Take a duty off the list; what was made of it stays."""
        return self.rows.delete(duties, key=key) > 0

    # ---- what people give ------------------------------------------------------------------------------------------------

    def givers(self) -> tuple[Mapping[str, Any], ...]:
        """Return what everybody offers."""
        return self.rows.all(givers)

    def giver(self, who: PersonId) -> Mapping[str, Any] | None:
        """Return what somebody offers."""
        return self.rows.get(givers, person_id=who)

    def give(self, who: PersonId, offer: int, kinds: str) -> None:
        """Keep what somebody offers; what they need not be asked about stays, as far as they still do it."""
        before = self.giver(who)
        standing = [] if before is None else [one for one in before["standing"].split() if one in kinds.split()]
        self.rows.put(givers, person_id=who, offer=offer, kinds=kinds, standing=" ".join(standing))

    def stand(self, who: PersonId, kinds: Sequence[str]) -> None:
        """Keep about which kinds somebody need not be asked."""
        self.rows.change(givers, {"person_id": who}, standing=" ".join(sorted(kinds)))

    def ask_no_more(self, who: PersonId) -> None:
        """Forget what somebody offers."""
        self.rows.delete(givers, person_id=who)

    def shares(self) -> dict[tuple[PersonId, str], int]:
        """Return who gives how much of their offer in which week that is not usual, in hundredths."""
        return {(row["person_id"], row["week"]): row["share"] for row in self.rows.all(weeks)}

    def set_share(self, who: PersonId, week: str, share: int) -> None:
        """Keep how much of their offer somebody gives in a week; a usual one is not kept."""
        if share == 100:  # noqa: PLR2004 - all of it
            self.rows.delete(weeks, person_id=who, week=week)
        else:
            self.rows.put(weeks, person_id=who, week=week, share=share)

    # ---- who holds what --------------------------------------------------------------------------------------------------

    def slots(self, **equals: object) -> tuple[Mapping[str, Any], ...]:
        """Return duties on their days, the earliest first."""
        return tuple(sorted(self.rows.all(slots, **equals), key=lambda row: (row["starts"], row["key"])))

    def slot(self, key: str) -> Mapping[str, Any] | None:
        """Return one of them."""
        return self.rows.get(slots, key=key)

    def make(self, key: str, duty: Mapping[str, Any], window: Window) -> bool:
        """Enter a duty on a day, open; False when it is there."""
        same = {name: duty[name] for name in ("kind", "load", "heavy", "weight")}
        return self.rows.add(slots, key=key, starts=window.start, ends=window.end, state=OPEN, holder=None, asking="two", **same)

    def propose(self, key: str, who: PersonId) -> bool:
        """Put an open duty to somebody; False when it is not open any more."""
        return self.rows.change(slots, {"key": key, "state": OPEN}, state=PROPOSED, holder=who) == 1

    def accept(self, key: str, who: PersonId) -> bool:
        """Let somebody have what was put to them; False when it is not any more."""
        return self.rows.change(slots, {"key": key, "state": PROPOSED, "holder": who}, state=HELD) == 1

    def take(self, key: str, who: PersonId) -> bool:
        """Let somebody have an open duty: the first yes wins; False for everybody else."""
        return self.rows.change(slots, {"key": key, "state": OPEN}, state=HELD, holder=who) == 1

    def release(self, key: str, who: PersonId) -> bool:
        """Open what was put to somebody, or what they hold; False when it is not theirs."""
        freed = self.rows.change(slots, {"key": key, "holder": who}, state=OPEN, holder=None, asking="two") == 1
        if freed:
            self.rows.add(asked, slot=key, person_id=who)
        return freed

    def forget_before(self, until: datetime) -> None:
        """Forget what was over by ``until``."""
        for row in self.rows.all(slots):
            if row["ends"] < until:
                self.rows.delete(asked, slot=row["key"])
                self.rows.delete(slots, key=row["key"])

    # ---- who was asked ---------------------------------------------------------------------------------------------------

    def asked(self, key: str) -> frozenset[PersonId]:
        """Return who was asked about a slot, or gave it back."""
        return frozenset(row["person_id"] for row in self.rows.all(asked, slot=key))

    def note_asked(self, key: str, those: Sequence[PersonId]) -> None:
        """Remember that these people are asked."""
        for who in those:
            self.rows.add(asked, slot=key, person_id=who)

    def ask_next(self, key: str, step: str) -> None:
        """Remember how far asking has come: two at a time, all, told; with a ? behind while people are being asked."""
        self.rows.change(slots, {"key": key}, asking=step)

    def note_gave(self, who: PersonId, keys: Sequence[str]) -> None:
        """Remember what somebody gave back last."""
        self.rows.put(gave, person_id=who, slots=" ".join(keys))

    def last_gave(self, who: PersonId) -> list[str]:
        """Return what somebody gave back last, and forget it."""
        row = self.rows.get(gave, person_id=who)
        self.rows.delete(gave, person_id=who)
        return [] if row is None else str(row["slots"]).split()

    # ---- what is theirs --------------------------------------------------------------------------------------------------

    def export(self, who: PersonId) -> dict[str, object]:
        """Return everything that is kept about somebody."""
        found: dict[str, object] = {}
        if (giver := self.giver(who)) is not None:
            found["offers"] = {
                "spoons_a_week": giver["offer"] / 10,
                "kinds": giver["kinds"].split(),
                "not_asked_about": giver["standing"].split(),
            }
        if own := self.rows.all(weeks, person_id=who):
            found["weeks"] = {row["week"]: row["share"] / 100 for row in own}
        if held := self.slots(holder=who):
            found["duties"] = [{"kind": row["kind"], "starts": row["starts"].isoformat(), "state": row["state"]} for row in held]
        if about := self.rows.all(asked, person_id=who):
            found["asked_about"] = [row["slot"] for row in about]
        if (last := self.rows.get(gave, person_id=who)) is not None:
            found["gave_back_last"] = str(last["slots"]).split()
        return found

    def forget(self, who: PersonId) -> None:
        """Delete what is known about somebody; what they held is open."""
        for each in (givers, weeks, asked, gave):
            self.rows.delete(each, person_id=who)
        self.rows.change(slots, {"holder": who}, state=OPEN, holder=None, asking="two")
