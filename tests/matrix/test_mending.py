"""Rooms that somebody changed are seen to be other than declared, and brought back, on a real homeserver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.doors import Doors
from supportd.matrix.http import path
from supportd.sdk.ids import UserId
from supportd.sdk.rooms import SETTINGS, RoomSpec, differences
from tests.matrix.conftest import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from supportd.sdk.rooms import Setting
    from tests.matrix.conftest import Group

pytestmark = pytest.mark.synapse

SPEC = RoomSpec("Tuesday", "Where we talk.", note="The helper program can read here.")


class Circle:
    """A room with an owner (150), a key member (50) and a member, and what it is declared to be."""

    def __init__(self, group: Group, side: MatrixSide, spec: RoomSpec) -> None:
        """Nothing is made yet."""
        self.group, self.side, self.spec = group, side, spec

    async def make(self) -> Circle:
        """Make it."""
        self.owner, self.helper, self.member = [await self.group.person(name) for name in ("owner", "helper", "member")]
        self.powers = ((UserId(self.owner.user_id), 150), (UserId(self.helper.user_id), 50))
        people = (self.owner, self.helper, self.member)
        invite = tuple(UserId(one.user_id) for one in people)
        made = await self.side.homeserver.perform("creator", wire.MakeRoom("circle", self.spec, invite, self.powers))
        assert isinstance(made, wire.Done), made
        assert made.room is not None
        self.room = made.room
        for one in people:
            await one.join(self.room)
        await until(self.side, lambda: self.room in self.group.inbox.seen)
        return self

    def odd(self) -> set[Setting]:
        """Return which settings are seen to differ."""
        mark = self.group.inbox.seen[self.room]
        wrong = mark.levels != tuple(sorted(self.powers))
        return {one.setting for one in differences(self.spec, mark.now, {})} | ({"power"} if wrong else set())

    async def mend(self, **changes: Any) -> wire.Done:
        """Bring it back."""
        given: dict[str, Any] = {"room": self.room, "spec": self.spec, "powers": self.powers} | changes
        done = await self.side.homeserver.perform("doorkeeper", wire.BringRoom(**given))
        assert isinstance(done, wire.Done), done
        return done

    async def put(self, who: Member, kind: str, content: dict[str, Any], key: str = "") -> None:
        """Let somebody set a state event."""
        await who.api.put(path("rooms", self.room, "state", kind, key), content)


async def levels_changed(circle: Circle, **changes: Any) -> dict[str, Any]:
    """Return the room's levels with changes."""
    now = await circle.owner.api.get(path("rooms", circle.room, "state", "m.room.power_levels", ""))
    return {**now, **changes}


async def let_all_settings_through(circle: Circle) -> None:
    """Let the owner take away every bar."""
    await circle.put(circle.owner, "m.room.power_levels", await levels_changed(circle, events={}, state_default=0, invite=0))


async def shut_out_the_doorkeeper(circle: Circle) -> None:
    """Let the owner take the doorkeeper's power."""
    users = {circle.owner.user_id: 150, circle.helper.user_id: 50}
    await circle.put(circle.owner, "m.room.power_levels", await levels_changed(circle, users=users, users_default=10))


async def throw_out_the_accounts(circle: Circle) -> None:
    """Let the owner remove the doorkeeper."""
    await circle.owner.api.post(path("rooms", circle.room, "kick"), {"user_id": circle.group.logins["doorkeeper"].user_id})


async def give_an_address(circle: Circle) -> None:
    """Let a member give the room an address, which is no event of the room."""
    server = circle.group.synapse.server_name
    await circle.member.api.put(path("directory", "room", f"#open{circle.room[1:9].lower()}:{server}"), {"room_id": circle.room})


ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 100_000, "rotation_period_ms": 10**10}
DRIFTS: dict[str, tuple[set[Setting], Callable[[Circle], Awaitable[Any]]]] = {
    "the key member renames it": ({"name and topic"}, lambda c: c.put(c.helper, "m.room.name", {"name": "Cancer group"})),
    "the key member takes the note away": ({"listening", "name and topic"}, lambda c: c.put(c.helper, "m.room.topic", {"topic": "Hi"})),
    "the owner opens it to everybody": ({"who may come in"}, lambda c: c.put(c.owner, "m.room.join_rules", {"join_rule": "public"})),
    "the owner lets guests in": ({"guests"}, lambda c: c.put(c.owner, "m.room.guest_access", {"guest_access": "can_join"})),
    "the owner opens the past": (
        {"later joiners read"},
        lambda c: c.put(c.owner, "m.room.history_visibility", {"history_visibility": "world_readable"}),
    ),
    "the owner lets keys live long": ({"new key after"}, lambda c: c.put(c.owner, "m.room.encryption", ENCRYPTION)),
    "the owner spoils the encryption": ({"encryption", "new key after"}, lambda c: c.put(c.owner, "m.room.encryption", {"algorithm": "x"})),
    "the owner takes away every bar": ({"power"}, let_all_settings_through),
    "the owner takes the doorkeeper's power": ({"power"}, shut_out_the_doorkeeper),
    "the owner removes the doorkeeper": ({"listening"}, throw_out_the_accounts),
    "the owner names a space": ({"links to spaces"}, lambda c: c.put(c.owner, "m.space.parent", {"via": ["a"]}, "!" + "s" * 43)),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", sorted(DRIFTS))
async def test_a_drift_is_seen_and_mended(group: Group, name: str) -> None:
    """Whatever somebody with the power changes, it is seen with who did it, and set back; a second look finds nothing to do."""
    circle = await Circle(group, await group.opened(), SPEC).make()
    settings, drift = DRIFTS[name]
    assert circle.odd() == set()

    await drift(circle)
    await until(circle.side, lambda: circle.odd() == settings or group.inbox.seen[circle.room].now.links)
    done = await circle.mend(links=())

    assert settings & {*done.mended, "new key after", "name and topic"} == settings
    assert done.mended
    assert done.failed == ()
    await until(circle.side, lambda: circle.odd() == set() and not group.inbox.seen[circle.room].now.links)
    assert (await circle.mend(links=())).mended == ()


@pytest.mark.asyncio
async def test_who_changed_it_is_known(group: Group) -> None:
    """The one who set what differs is named by the mark."""
    circle = await Circle(group, await group.opened(), SPEC).make()

    await circle.put(circle.helper, "m.room.name", {"name": "Cancer group"})
    await until(circle.side, lambda: circle.odd() == {"name and topic"})

    assert dict(group.inbox.seen[circle.room].senders) == {"name and topic": circle.helper.user_id}


@pytest.mark.asyncio
async def test_what_we_changed_ourselves_accuses_nobody(group: Group) -> None:
    """Whatever this program set, by making, by mending, by giving power or linking, a later mend names nobody for it."""
    circle = await Circle(group, await group.opened(), SPEC).make()
    perform = circle.side.homeserver.perform
    parent = "!" + "p" * 43

    renamed = await circle.mend(spec=RoomSpec("Friday", note="Other.", rotation_messages=20), links=(parent,))
    await perform("doorkeeper", wire.PutPower(circle.room, UserId(circle.member.user_id), 50))
    await perform("doorkeeper", wire.PutState(circle.room, "m.space.parent", "!" + "q" * 43, '{"via": ["a"]}'))
    lowered = await circle.mend(spec=RoomSpec("Friday", note="Other.", listening="doorkeeper"), links=())
    back = await circle.mend(links=())

    assert {"name and topic", "new key after", "links to spaces"} <= set(renamed.mended)
    assert {"power", "links to spaces", "listening"} <= set(lowered.mended)
    assert {"name and topic", "listening"} <= set(back.mended)
    assert [one.by for one in (renamed, lowered, back)] == [(), (), ()]


@pytest.mark.asyncio
async def test_our_account_in_other_hands_is_named(group: Group) -> None:
    """What somebody else sets with our account, or takes away with it by hiding our event, is told apart from what we set."""
    circle = await Circle(group, await group.opened(), SPEC).make()
    creator = group.logins["creator"].user_id
    theirs = circle.side._apis["creator"]
    events = await theirs.ask("GET", path("rooms", circle.room, "state"))
    encryption = next(event["event_id"] for event in events if event["type"] == "m.room.encryption")

    await theirs.put(path("rooms", circle.room, "state", "m.room.name", ""), {"name": "Cancer group"})
    await theirs.put(path("rooms", circle.room, "redact", encryption, "t1"), {})
    await circle.put(circle.owner, "m.room.guest_access", {"guest_access": "can_join"})
    done = await circle.mend()

    assert dict(done.by) == {"name and topic": creator, "encryption": creator, "guests": circle.owner.user_id}
    assert (await circle.mend()).mended == ()


@pytest.mark.asyncio
async def test_the_creator_is_brought_back(group: Group) -> None:
    """Whoever let the account leave that stands above the owners used it: it comes back, and that is told."""
    circle = await Circle(group, await group.opened(), SPEC).make()
    creator = group.logins["creator"].user_id
    await circle.side._apis["creator"].post(path("rooms", circle.room, "leave"), {})
    await until(circle.side, lambda: circle.odd() == {"listening"})

    done = await circle.mend()

    assert (done.mended, done.failed, done.by) == (("listening",), (), (("listening", creator),))
    await until(circle.side, lambda: circle.odd() == set())


@pytest.mark.asyncio
async def test_addresses_and_the_public_list_are_mended(group: Group) -> None:
    """An address and a place in the public list go again, though no event of the room says that they came."""
    circle = await Circle(group, await group.opened(), SPEC).make()
    await give_an_address(circle)
    await circle.owner.api.put(path("directory", "list", "room", circle.room), {"visibility": "public"})

    doors = Doors(circle.side._apis["doorkeeper"], circle.side.session)

    await doors.look(circle.room)
    seen = circle.odd()
    done = await circle.mend()
    await doors.look(circle.room)

    assert seen == {"addresses", "public list"}
    assert set(done.mended) == {"addresses", "public list"}
    assert circle.odd() == set()
    assert (await circle.mend()).mended == ()


@pytest.mark.asyncio
async def test_a_level_is_lowered_and_raised(group: Group) -> None:
    """At doorkeeper level the reader leaves, at absent all accounts do and the owners stay; what was declared is what is seen."""
    circle = await Circle(group, await group.opened(), SPEC).make()

    lower = RoomSpec("Tuesday", listening="doorkeeper", note="The helper program cannot read here.")
    first = await circle.mend(spec=lower)
    again = await circle.mend(spec=circle.spec)
    last = await circle.mend(spec=RoomSpec("Tuesday", listening="absent"))

    members = await circle.owner.api.get(path("rooms", circle.room, "joined_members"))
    assert "listening" in first.mended
    assert "listening" in again.mended
    assert "listening" in last.mended
    assert set(members["joined"]) == {one.user_id for one in (circle.owner, circle.helper, circle.member)}


def test_every_setting_has_a_drift() -> None:
    """Each of the twelve settings that can change in a room's life is changed by one of these tests; other servers never can."""
    covered = {setting for settings, _drift in DRIFTS.values() for setting in settings} | {"addresses", "public list"}

    assert covered == set(SETTINGS) - {"other servers"}
