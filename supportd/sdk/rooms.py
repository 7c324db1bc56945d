"""What a room is to be and what it is, as data that a person can read, and where the two differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from supportd.sdk._names import visible
from supportd.sdk.ids import PersonId, RoomId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Kind = Literal["space", "room", "direct"]
Listening = Literal["absent", "doorkeeper", "reader"]
#: The twelve settings of a room that are watched.
Setting = Literal[
    "public list",
    "addresses",
    "who may come in",
    "guests",
    "later joiners read",
    "encryption",
    "new key after",
    "other servers",
    "power",
    "name and topic",
    "links to spaces",
    "listening",
]
SETTINGS: Final[tuple[Setting, ...]] = (
    "public list",
    "addresses",
    "who may come in",
    "guests",
    "later joiners read",
    "encryption",
    "new key after",
    "other servers",
    "power",
    "name and topic",
    "links to spaces",
    "listening",
)
#: Levels of power that supportd gives: two people who own a room, key members, and everybody.
OWNER_LEVEL: Final = 150
KEY_MEMBER_LEVEL: Final = 50
#: Characters of a room's name.
LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Powers:
    """Which level of power it takes to do something in a room; everything that is not named takes 100 (replacing the room: 150).

    ``talk``: to write; ``describe``: to change name, topic and picture; ``link``: to show the room in a space, or rooms in this space;
    ``call_all``: to notify everybody at once. Key members have 50, members 0.
    """

    talk: int = 0
    invite: int = 50
    remove: int = 50
    ban: int = 50
    hide: int = 50
    describe: int = 50
    link: int = 100
    call_all: int = 50


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """The settings of a room that supportd makes; every default is the confidential one.

    Sources: Matrix specification v1.18, room creation and room versions; MSC4289 for creators.
    """

    name: str
    topic: str = ""
    kind: Kind = "room"
    listening: Listening = "reader"
    encrypted: bool = True
    #: ``m.room.history_visibility``: who joins late reads nothing earlier.
    history: Literal["joined", "invited", "shared"] = "joined"
    join_rule: Literal["invite", "knock", "restricted"] = "invite"
    guests: Literal["forbidden", "can_join"] = "forbidden"
    federate: bool = False
    listed: bool = False
    #: Messages and milliseconds after which the room key is changed (``m.room.encryption``).
    rotation_messages: int = 50
    rotation_ms: int = 24 * 3600 * 1000
    room_version: str = "12"
    powers: Powers = field(default_factory=Powers)
    #: What tells members how much the bot hears; stands at the end of the topic.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNow:
    """What a room is, as our accounts last saw it.

    ``needs``: which level of power it takes, by the names of :class:`Powers`, ``settings`` for everything else and ``replace``;
    ``everybody`` is the level of people without one of their own. ``levels``: people of the group with a level of their own;
    ``strangers``: the highest level of anybody else but our accounts. ``links``: the spaces a room says it is in, or the rooms of a space.
    ``accounts``: ours that are in it. ``changed_by``: who of the group set a setting last. ``listed`` and ``addresses`` are ``None`` before
    anybody looked.
    """

    name: str = field(default="", repr=False)
    topic: str = field(default="", repr=False)
    listed: bool | None = None
    addresses: int | None = None
    join_rule: str = "invite"
    guests: str = "forbidden"
    history: str = "shared"
    encrypted: bool = False
    rotation_messages: int | None = None
    rotation_ms: int | None = None
    federate: bool = True
    needs: tuple[tuple[str, int], ...] = ()
    everybody: int = 0
    levels: tuple[tuple[PersonId, int], ...] = ()
    strangers: int = 0
    links: tuple[RoomId, ...] = ()
    accounts: tuple[str, ...] = ()
    changed_by: tuple[tuple[Setting, PersonId | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not as declared, both sides in words; ``by``: who of the group set it last."""

    setting: Setting
    declared: str
    found: str
    by: PersonId | None = None


@dataclass(frozen=True, slots=True)
class SetBy:
    """Who had set something that was set back: somebody of the group, or ``None`` for anybody else.

    ``account``: the Matrix id of the bot's own account that was used for it by somebody else than this program, else empty.
    """

    setting: Setting
    person: PersonId | None = None
    account: str = field(default="", repr=False)


def name_problem(name: str) -> str | None:
    """Return a sentence about a name that no room may have, ``None`` for a good one."""
    if not name.strip():
        return "A room needs a name."
    if len(name) > LONGEST_NAME:
        return f"The name of a room has at most {LONGEST_NAME} characters: choose a shorter one."
    if name != visible(name):
        return "The name of a room is one line of plain characters: write it again without hidden signs."
    return None


def described(spec: RoomSpec) -> tuple[tuple[Setting, str], ...]:
    """Return what a room is declared to be, in words, in the order of :data:`SETTINGS`."""
    return tuple(_declared(spec).items())


def differences(
    spec: RoomSpec, now: RoomNow, levels: Mapping[PersonId, int], links: Collection[RoomId] | None = None
) -> tuple[Difference, ...]:
    """Return every setting in which a room is not what ``spec`` declares, in the order of :data:`SETTINGS`.

    ``levels``: the people who are to have a level of power of their own; ``links``: the spaces (or rooms) it is to be linked to, ``None``
    for whatever there is.
    """
    by = dict(now.changed_by)
    declared, found = _declared(spec), _found(spec, now)
    odd = {name: (declared[name], found[name]) for name in SETTINGS if name in found and declared[name] != found[name]}
    if "power" not in odd and (wrong := tuple(_wrong_levels(now, levels))):
        odd["power"] = ("as given", ", ".join(wrong))
    if links is not None and set(links) != set(now.links):
        odd["links to spaces"] = (_count(len(links)), _count(len(now.links)))
    return tuple(Difference(name, *odd[name], by.get(name)) for name in SETTINGS if name in odd)


def as_declared(spec: RoomSpec, levels: tuple[tuple[PersonId, int], ...] = (), links: tuple[RoomId, ...] = ()) -> RoomNow:
    """Return what a room is that is in every setting as declared."""
    encrypted = spec.encrypted and spec.kind != "space"
    return RoomNow(
        name=spec.name,
        topic=" ".join(one for one in (spec.topic, spec.note) if one),
        listed=spec.listed,
        addresses=0,
        join_rule=spec.join_rule,
        guests=spec.guests,
        history=spec.history,
        encrypted=encrypted,
        rotation_messages=spec.rotation_messages if encrypted else None,
        rotation_ms=spec.rotation_ms if encrypted else None,
        federate=spec.federate,
        needs=tuple(needed(spec).items()),
        levels=levels,
        links=links,
        accounts=tuple(sorted(_ACCOUNTS[spec.listening])),
    )


# ---- in words --------------------------------------------------------------------------------------------------------

_JOIN: Final = {
    "invite": "by invitation",
    "knock": "by asking",
    "restricted": "members of the space",
    "public": "everybody",
    "knock_restricted": "members of the space, and by asking",
}
_HISTORY: Final = {
    "joined": "nothing earlier",
    "invited": "what was said since they were invited",
    "shared": "everything earlier",
    "world_readable": "everything, and so does everybody else",
}
_ACCOUNTS: Final[Mapping[Listening, frozenset[str]]] = {
    "absent": frozenset(),
    "doorkeeper": frozenset({"creator", "doorkeeper"}),
    "reader": frozenset({"creator", "doorkeeper", "reader"}),
}
#: What it takes for everything that a template does not name, and to replace the room.
SETTINGS_LEVEL: Final = 100
REPLACE_LEVEL: Final = 150


def _declared(spec: RoomSpec) -> dict[Setting, str]:
    return {
        "public list": "shown" if spec.listed else "not shown",
        "addresses": "none",
        "who may come in": _JOIN[spec.join_rule],
        "guests": "kept out" if spec.guests == "forbidden" else "let in",
        "later joiners read": _HISTORY[spec.history],
        "encryption": _yes(spec.encrypted and spec.kind != "space"),
        "new key after": _rotation(spec.rotation_messages, spec.rotation_ms) if spec.encrypted and spec.kind != "space" else "-",
        "other servers": "take part" if spec.federate else "kept out",
        "power": _powers(needed(spec), 0),
        "name and topic": "as given",
        "links to spaces": "as given",
        "listening": spec.listening,
    }


def _found(spec: RoomSpec, now: RoomNow) -> dict[Setting, str]:
    found: dict[Setting, str] = {
        "who may come in": _JOIN.get(now.join_rule, now.join_rule),
        "guests": "kept out" if now.guests == "forbidden" else "let in",
        "later joiners read": _HISTORY.get(now.history, now.history),
        "encryption": _yes(now.encrypted),
        "new key after": _rotation(now.rotation_messages, now.rotation_ms) if now.encrypted else "-",
        "other servers": "take part" if now.federate else "kept out",
        "power": _powers(dict(now.needs), now.everybody),
        "name and topic": "as given" if now.name == spec.name and now.topic.startswith(spec.topic) else "changed",
        "listening": _listening(spec, now),
    }
    if spec.kind == "space":
        # Some homeservers encrypt every new room. Nobody talks in a space, and what is encrypted stays so: nothing to set back.
        del found["encryption"], found["new key after"]
    if now.listed is not None:
        found["public list"] = "shown" if now.listed else "not shown"
    if now.addresses is not None:
        found["addresses"] = _count(now.addresses)
    return found


def needed(spec: RoomSpec) -> dict[str, int]:
    """Return which level of power it takes for what in a room of this kind, by the names of :class:`RoomNow`."""
    powers = spec.powers
    return {
        # In a space nobody talks: it is never encrypted.
        "talk": max(powers.talk, KEY_MEMBER_LEVEL) if spec.kind == "space" else powers.talk,
        "invite": powers.invite,
        "remove": powers.remove,
        "ban": powers.ban,
        "hide": powers.hide,
        "describe": powers.describe,
        "link": powers.link,
        "call_all": powers.call_all,
        "settings": SETTINGS_LEVEL,
        "replace": REPLACE_LEVEL,
    }


def _listening(spec: RoomSpec, now: RoomNow) -> str:
    if spec.kind == "direct" or _ACCOUNTS[spec.listening] == set(now.accounts):
        return spec.listening if now.topic.endswith(spec.note) else f"{spec.listening}, but the topic does not say so"
    return ", ".join(now.accounts) or "absent"


def _wrong_levels(now: RoomNow, levels: Mapping[PersonId, int]) -> Iterator[str]:
    """Say whose levels of power are not as given, without names."""
    there = dict(now.levels)
    wrong = [one for one in {*there, *levels} if there.get(one, now.everybody) != levels.get(one, now.everybody)]
    if wrong:
        yield f"{len(wrong)} of the group with another level"
    if now.strangers > now.everybody:
        yield f"a stranger with level {now.strangers}"


def _powers(needs: Mapping[str, int], everybody: int) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {level}" for name, level in needs.items())
    return told if everybody == 0 else f"{told}, everybody {everybody}"


def _rotation(messages: int | None, period: int | None) -> str:
    return f"{messages or '?'} messages or {round((period or 0) / 3_600_000, 2):g} hours"


def _yes(value: bool) -> str:  # noqa: FBT001 - a word for a value
    return "yes" if value else "no"


def _count(number: int) -> str:
    return str(number) if number else "none"
