"""What people may say to the rota, in a direct chat or in a terminal."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.commands import Command, Parameter
from supportd.sdk.effects import PostDirect, Reply
from supportd_rota import covering, planning
from supportd_rota.facts import on
from supportd_rota.planner.limits import MILLION, limits
from supportd_rota.tables import HELD, OPEN
from supportd_rota.texts import line, lines, say
from supportd_rota.weighing import week_of, weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import CommandGiven
    from supportd.sdk.facts import Group, Person
    from supportd_rota.settings import RotaSettings
    from supportd_rota.tables import RotaStore

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KIND = Parameter(name="kind", help="which kind of duty", default="")
_NEXT = Parameter(name="week", help="this or next", default="this")
_FOR = Parameter(name="for", help="whose, if you say it for somebody who asked you to", default="")
COMMANDS: Final = (
    Command(name="rota duties", help="See which duties come back every week."),
    Command(
        name="rota duty",
        help="Enter a duty that comes back every week: rota duty listen tue,thu 19:00 21:00 4 heavy.",
        who="admin",
        parameters=(
            Parameter(name="kind", help="one word: welcome, moderate, listen, …"),
            Parameter(name="days", help="mon,tue,… or every"),
            Parameter(name="from", help="hh:mm by the group's clock"),
            Parameter(name="to", help="hh:mm; earlier than from: on the next day"),
            Parameter(name="spoons", help="how heavy it is, 0.1 to 10", default="1"),
            Parameter(name="heavy", help="the word heavy: a week of rest between two for one person", default=""),
        ),
    ),
    Command(name="rota end", help="Take a duty off the list.", who="admin", parameters=(Parameter(name="key", help="see rota duties"),)),
    Command(name="rota propose", help="Propose the duties of the next weeks now.", who="admin"),
    Command(
        name="rota give",
        help="Say how many spoons you can give in a usual week, and for what: rota give 2 welcome,digest.",
        parameters=(
            Parameter(name="spoons", help="0.1 to 20; 0 to give nothing for now"),
            Parameter(name="kinds", help="kinds with commas, or all", default="all"),
            _FOR,
        ),
    ),
    Command(
        name="rota without asking",
        help="Say for which kinds of duty you need not be asked: you have them when they are planned, and can give them back.",
        parameters=(Parameter(name="kinds", help="kinds with commas"), _FOR),
    ),
    Command(name="rota ask me", help="Be asked about every duty again.", parameters=(_FOR,)),
    Command(name="rota undo", help="Take back what you gave away last, as long as nobody has it."),
    Command(name="rota take", help="Take an open duty.", parameters=(_KIND,)),
    Command(name="cover me", help="Say that you cannot do your next duty; no reason is asked.", parameters=(_KIND, _FOR)),
    Command(name="low week", help="Be asked for half in a week.", parameters=(_NEXT, _FOR)),
    Command(name="week off", help="Be asked for nothing in a week.", parameters=(_NEXT, _FOR)),
    Command(name="usual week", help="Be asked as usual in a week.", parameters=(_NEXT, _FOR)),
    Command(name="who is on", help="See who has which duty now and in the next seven days."),
    Command(name="my duties", help="See your own duties, and how much of what you offered they are."),
    Command(name="why me", help="Learn why you have your next duty, in two sentences.", parameters=(_KIND,)),
)
_IN_CHAT: Final = "This is said in a chat with the bot, by the person it is about."
_WEEKS: Final = 3
#: What a duty weighs if nobody holds it; a heavy one more.
_WEIGHT: Final = 3
_MOST_SPOONS, _MOST_OFFER, _MOST_DUTIES = 10, 20, 50
_SHARES: Final = {"low week": (50, "week_low"), "week off": (0, "week_none"), "usual week": (100, "week_usual")}


def answer(group: Group, store: RotaStore, settings: RotaSettings, event: CommandGiven) -> Iterator[Effect]:
    """Carry out a command."""
    if event.name in _OF_GROUP:
        yield from _OF_GROUP[event.name](group, store, settings, event.args)
        return
    speaker = group.person(event.by) if event.by is not None else None
    other = event.args.get("for", "")
    person = group.called(other) if other else speaker
    if person is None:
        yield Reply(text=f"There is nobody called “{other}” in the group." if other else _IN_CHAT, status=1 if other else 2)
        return
    if person != speaker and person.has_account:
        # Whoever others speak for reads it, and can say the opposite.
        helper = speaker.name if speaker is not None else say("terminal", group, person)
        yield PostDirect(to=person.id, text=say("for_you", group, person, helper=helper, words=event.name))
    if event.name in _SHARES:
        yield from _week(group, store, settings, person, event)
    else:
        yield from _OF_ONE[event.name](group, store, settings, person, event.args)


def _duties(group: Group, store: RotaStore, settings: RotaSettings, args: Mapping[str, str]) -> Iterator[Effect]:
    del group, settings, args
    rows = store.duties()
    said = [_in_words(row) for row in rows]
    yield Reply(text="\n".join(said) or "There is no duty yet: see rota duty.", data=json.dumps({"duties": [dict(row) for row in rows]}))


def _in_words(row: Mapping[str, Any]) -> str:
    days = ",".join(_DAYS[int(day)] for day in row["days"].split())
    heavy = ", heavy" if row["heavy"] else ""
    return f"{row['key']}: {days} {row['begins']} to {row['ends']}, {row['load'] / 10:g} spoons{heavy}"


def _duty(group: Group, store: RotaStore, settings: RotaSettings, args: Mapping[str, str]) -> Iterator[Effect]:
    del group, settings
    try:
        values = _read(args)
    except ValueError as error:
        yield Reply(text=str(error), status=1)
        return
    taken = {row["key"] for row in store.duties()}
    if len(taken) >= _MOST_DUTIES:
        yield Reply(text=f"There are {_MOST_DUTIES} duties already: end one first.", status=1)
        return
    key = next(name for number in range(1, _MOST_DUTIES + 2) if (name := f"{values['kind']}-{number}") not in taken)
    store.add_duty(key, **values)
    yield Reply(text=f"{key} is entered. It is proposed with the next ones: see rota propose.", data=json.dumps({"key": key}))


def _read(args: Mapping[str, str]) -> dict[str, object]:
    """Return the columns of a duty, or raise ``ValueError`` with a sentence."""
    kind, named = args["kind"].lower(), args["days"].lower().split(",")
    if not kind.isalpha() or len(kind) > 30:  # noqa: PLR2004 - a word
        raise ValueError("The kind of a duty is one word of letters, for example listen.")
    days = list(range(7)) if named == ["every"] else sorted({_DAYS.index(day[:3]) for day in named if day[:3] in _DAYS})
    if named != ["every"] and len(days) != len(named):
        raise ValueError("Name days as mon,tue,wed,thu,fri,sat,sun, or write every.")
    try:
        begins, ends = (time.fromisoformat(args[name]).strftime("%H:%M") for name in ("from", "to"))
    except ValueError as error:
        raise ValueError("Write times as 19:00, by the group's clock.") from error
    load = _spoons(args["spoons"], _MOST_SPOONS)
    if not load:
        raise ValueError(f"A duty takes 0.1 to {_MOST_SPOONS} spoons.")
    heavy = args["heavy"].lower()
    if heavy not in {"", "heavy"}:
        raise ValueError("After the spoons only the word heavy may stand.")
    return {
        "kind": kind,
        "days": " ".join(map(str, days)),
        "begins": begins,
        "ends": ends,
        "load": load,
        "heavy": int(bool(heavy)),
        "weight": _WEIGHT + bool(heavy),
    }


def _spoons(text: str, most: int) -> int | None:
    """Return tenths of a spoon, or ``None`` for what is no number in bounds."""
    whole, _, part = text.replace(",", ".").partition(".")
    if not (whole + part).isascii() or not (whole + part).isdecimal() or len(whole) > 2 or len(part) > 1:  # noqa: PLR2004 - 10.5
        return None
    found = int(whole or "0") * 10 + int(part or "0")
    return found if found <= most * 10 else None


def _end(group: Group, store: RotaStore, settings: RotaSettings, args: Mapping[str, str]) -> Iterator[Effect]:
    del group, settings
    if store.end_duty(args["key"]):
        yield Reply(text="It is proposed no more. What people have taken already stays theirs.")
    else:
        yield Reply(text="There is no such duty: see rota duties.", status=1)


def _propose(group: Group, store: RotaStore, settings: RotaSettings, args: Mapping[str, str]) -> Iterator[Effect]:
    del args
    if not store.duties():
        yield Reply(text="There is no duty yet: see rota duty.", status=1)
        return
    yield from planning.propose(group, store, settings)
    states = [row["state"] for row in store.slots() if row["ends"] > group.now]
    counts = {state: states.count(state) for state in sorted(set(states))}
    yield Reply(text="\n".join(f"{state}: {count}" for state, count in counts.items()), data=json.dumps(counts))


def _who(group: Group, store: RotaStore, settings: RotaSettings, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings, args
    rows = [row for row in store.slots() if row["ends"] > group.now and row["starts"] < group.now + timedelta(days=7)]
    said = [f"{line(group, None, row)}: {_holder(group, row)}" for row in rows]
    yield Reply(text="\n".join(said) or "There are no duties in the next seven days.")


def _holder(group: Group, row: Mapping[str, Any]) -> str:
    return group.name_of(row["holder"]) if row["state"] == HELD else "nobody yet"


def _give(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings
    offer, known = _spoons(args["spoons"], _MOST_OFFER), sorted({row["kind"] for row in store.duties()})
    if offer is None:
        yield Reply(text=f"Say a number of spoons from 0 to {_MOST_OFFER}, for example: rota give 2", status=1)
        return
    wanted = known if args["kinds"].lower() == "all" else sorted(set(args["kinds"].lower().split(",")))
    if missing := [one for one in wanted if one not in known]:
        yield Reply(text=f"There is no duty of the kind {missing[0]}: see rota duties.", status=1)
        return
    store.give(person.id, offer, " ".join(wanted if offer else ()))
    yield Reply(text=say("gives", group, person, spoons=f"{offer / 10:g}", kinds=", ".join(wanted)))


def _stand(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings
    giver, wanted = store.giver(person.id), sorted(set(args["kinds"].lower().split(",")))
    if giver is None:
        yield Reply(text=say("no_offer", group, person), status=1)
    elif missing := [one for one in wanted if one not in giver["kinds"].split()]:
        yield Reply(text=f"You do not do duties of the kind {missing[0]}: see rota give.", status=1)
    else:
        store.stand(person.id, wanted)
        yield Reply(text=say("stands", group, person, kinds=", ".join(wanted)))


def _ask_me(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings, args
    store.stand(person.id, ())
    yield Reply(text=say("asked_again", group, person))


def _undo(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings, args
    back = 0
    for key in store.last_gave(person.id):
        row = store.slot(key)
        if row is not None and row["ends"] > group.now and store.take(key, person.id):
            yield covering.closed(key)
            yield from on(row, person.id)
            back += 1
    yield Reply(text=say("back", group, person, count=str(back)))


def _take(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings
    free = [row for row in store.slots(state=OPEN) if row["ends"] > group.now and args["kind"].lower() in {"", row["kind"]}]
    if not free:
        yield Reply(text="No duty of that kind is open.", status=1)
        return
    yield from covering.take(group, store, free[0]["key"], person)


def _mine(group: Group, store: RotaStore, person: Person, kind: str = "") -> list[Mapping[str, Any]]:
    return [row for row in store.slots(holder=person.id) if row["ends"] > group.now and kind.lower() in {"", row["kind"]}]


def _cover(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    mine = _mine(group, store, person, args["kind"])
    if not mine:
        yield Reply(text=say("nothing", group, person), status=1)
        return
    yield Reply(text=say("fine", group, person))
    yield from covering.give_back(group, store, settings, person, mine[:1])


def _week(group: Group, store: RotaStore, settings: RotaSettings, person: Person, event: CommandGiven) -> Iterator[Effect]:
    """Keep what somebody gives in a week, and open what is more than that, the lightest in weight first."""
    share, text = _SHARES[event.name]
    which = event.args["week"].lower()
    if which not in {"this", "next"}:
        yield Reply(text="Say this or next, or nothing for this week.", status=1)
        return
    monday = week_of(group, group.now) + timedelta(days=7 * (which == "next"))
    store.set_share(person.id, monday.isoformat(), share)
    yield Reply(text=say(text, group, person))
    if store.giver(person.id) is None:
        return
    mine = [row for row in _mine(group, store, person) if week_of(group, row["starts"]) == monday]
    weighed = weigh(group, store, monday, 1)
    most = limits(weighed.problem.members[[one.id for one in weighed.people].index(person.id)])[0]
    more: list[Mapping[str, Any]] = []
    for row in sorted(mine, key=lambda one: (one["weight"], one["starts"])):
        if sum(one["load"] for one in mine) - sum(one["load"] for one in more) > most:
            more.append(row)
    yield from covering.give_back(group, store, settings, person, more)


def _own(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    del settings, args
    if store.giver(person.id) is None:
        yield Reply(text=say("no_offer", group, person))
        return
    ratio = weigh(group, store, week_of(group, group.now), _WEEKS).ratios()[person.id]
    duties = lines(group, person, _mine(group, store, person))
    yield Reply(text=say("own", group, person, percent=str(round(100 * ratio / MILLION)), duties=duties).rstrip())


def _why(group: Group, store: RotaStore, settings: RotaSettings, person: Person, args: Mapping[str, str]) -> Iterator[Effect]:
    """Explain the next duty, as if everybody who can do it were asked again today."""
    del settings
    mine = _mine(group, store, person, args["kind"])
    if not mine or store.giver(person.id) is None:
        yield Reply(text=say("nothing", group, person), status=1)
        return
    said = weigh(group, store, week_of(group, mine[0]["starts"]), 1).opened(mine[0]["key"]).why(mine[0]["key"])
    yield Reply(text=f"{line(group, person, mine[0])}: {said}")


_OF_GROUP: Final[dict[str, Callable[[Group, RotaStore, RotaSettings, Mapping[str, str]], Iterator[Effect]]]] = {
    "rota duties": _duties,
    "rota duty": _duty,
    "rota end": _end,
    "rota propose": _propose,
    "who is on": _who,
}
_OF_ONE: Final[dict[str, Callable[[Group, RotaStore, RotaSettings, Person, Mapping[str, str]], Iterator[Effect]]]] = {
    "rota give": _give,
    "rota without asking": _stand,
    "rota ask me": _ask_me,
    "rota undo": _undo,
    "rota take": _take,
    "cover me": _cover,
    "my duties": _own,
    "why me": _why,
}
