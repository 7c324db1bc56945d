"""A member of another server, and that server itself: they get in nowhere, and what they are told about a room of ours is known."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from supportd.demo.synapse import free_port
from supportd.matrix.errors import Refused
from supportd.matrix.http import path
from tests.rooms.acts import an_event, every_kind, made_up
from tests.rooms.federating import FEDERATION, FEDERATION_V2, HOST, Federating, asked_by_server, listener, signed
from tests.rooms.servers import CLIENT, CLIENT_V1, asked, closed, python, quoted, recommended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.demo.synapse import Synapse
    from supportd.matrix.accounts import Login
    from supportd.matrix.member import Member
    from tests.rooms.conftest import Circle

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

Answer = tuple[int, Any]
#: Probe -> the answer for a room of ours, and the one for none.
Known = dict[str, tuple[Answer, Answer]]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Federating, Federating]]:
    """Yield our server and another one that speak with each other, as far from what we recommend as they can be."""
    ours, other = (Federating(tmp_path_factory.mktemp(name), python()) for name in ("ours", "other"))
    ours.befriend(other)
    other.befriend(ours)
    asyncio.run(ours.start())
    try:
        asyncio.run(other.start())
        yield ours, other
    finally:
        asyncio.run(ours.stop())
        asyncio.run(other.stop())


@pytest.fixture(scope="module")
def synapse(servers: tuple[Federating, Federating]) -> Synapse:
    """Return our server: the group lives there."""
    return servers[0]


@dataclass(frozen=True)
class Probe:
    """One request about a room; ``{room}``, ``{event}``, ``{me}`` and ``{ours}`` (our server's name) in it are filled in."""

    method: str
    where: str
    body: Any = None


_ROOM = CLIENT + "/rooms/{room}"
_VIA = "?via={ours}&server_name={ours}"
#: What a member of the other server asks that server, which asks ours where it has to.
BY_A_MEMBER: dict[str, Probe] = {
    "join": Probe("POST", f"{CLIENT}/join/{{room}}{_VIA}", {}),
    "join, the other way": Probe("POST", f"{_ROOM}/join{_VIA}", {}),
    "knock": Probe("POST", f"{CLIENT}/knock/{{room}}{_VIA}", {}),
    "summary": Probe("GET", f"{CLIENT_V1}/room_summary/{{room}}{_VIA}"),
    "hierarchy": Probe("GET", f"{CLIENT_V1}/rooms/{{room}}/hierarchy{_VIA}"),
    "event by time": Probe("GET", f"{CLIENT_V1}/rooms/{{room}}/timestamp_to_event?ts=1&dir=f"),
    "peek": Probe("GET", f"{_ROOM}/initialSync"),
    "messages": Probe("GET", f"{_ROOM}/messages?dir=b&limit=5"),
    "state": Probe("GET", f"{_ROOM}/state"),
    "members": Probe("GET", f"{_ROOM}/members"),
    "event": Probe("GET", f"{_ROOM}/event/{{event}}"),
    "context": Probe("GET", f"{_ROOM}/context/{{event}}"),
    "live events": Probe("GET", f"{CLIENT}/events?room_id={{room}}&timeout=0"),
    "write": Probe("PUT", f"{_ROOM}/send/m.room.message/probe", {"msgtype": "m.text", "body": "Is anybody there?"}),
    "invite oneself": Probe("POST", f"{_ROOM}/invite", {"user_id": "{me}"}),
    "leave": Probe("POST", f"{_ROOM}/leave", {}),
    "report the room": Probe("POST", f"{_ROOM}/report", {"reason": "x"}),
}
#: A membership, which the server that asks signs properly.
_PDU = {"type": "m.room.member", "room_id": "{room}", "sender": "{me}", "state_key": "{me}", "origin_server_ts": 1, "depth": 9}
_EVENT: dict[str, Any] = _PDU | {"prev_events": ["{event}"], "auth_events": ["{event}"]}
_JOIN, _LEAVE, _KNOCK = (_EVENT | {"content": {"membership": one}} for one in ("join", "leave", "knock"))
_INVITE = {"event": _EVENT | {"content": {"membership": "invite"}}, "room_version": "12", "invite_room_state": []}
_BY_MAIL = {"membership": "invite", "third_party_invite": {"display_name": "x", "signed": {"mxid": "{me}", "token": "x", "signatures": {}}}}
_TYPING = {"edu_type": "m.typing", "content": {"room_id": "{room}", "user_id": "{me}", "typing": True}}
#: What the other server itself asks ours, signed by its key: all that the specification has about a room.
BY_A_SERVER: dict[str, Probe] = {
    "make_join": Probe("GET", f"{FEDERATION}/make_join/{{room}}/{{me}}?ver=12&ver=11"),
    "send_join": Probe("PUT", f"{FEDERATION_V2}/send_join/{{room}}/{{event}}", _JOIN),
    "send_join, older": Probe("PUT", f"{FEDERATION}/send_join/{{room}}/{{event}}", _JOIN),
    "make_knock": Probe("GET", f"{FEDERATION}/make_knock/{{room}}/{{me}}?ver=12&ver=11"),
    "send_knock": Probe("PUT", f"{FEDERATION}/send_knock/{{room}}/{{event}}", _KNOCK),
    "make_leave": Probe("GET", f"{FEDERATION}/make_leave/{{room}}/{{me}}"),
    "send_leave": Probe("PUT", f"{FEDERATION_V2}/send_leave/{{room}}/{{event}}", _LEAVE),
    "invite": Probe("PUT", f"{FEDERATION_V2}/invite/{{room}}/{{event}}", _INVITE),
    "invite by mail": Probe("PUT", f"{FEDERATION}/exchange_third_party_invite/{{room}}", _EVENT | {"content": _BY_MAIL}),
    "event": Probe("GET", f"{FEDERATION}/event/{{event}}"),
    "event_auth": Probe("GET", f"{FEDERATION}/event_auth/{{room}}/{{event}}"),
    "state": Probe("GET", f"{FEDERATION}/state/{{room}}?event_id={{event}}"),
    "state_ids": Probe("GET", f"{FEDERATION}/state_ids/{{room}}?event_id={{event}}"),
    "backfill": Probe("GET", f"{FEDERATION}/backfill/{{room}}?v={{event}}&limit=5"),
    "missing events": Probe(
        "POST", f"{FEDERATION}/get_missing_events/{{room}}", {"earliest_events": [], "latest_events": ["{event}"], "limit": 5}
    ),
    "event by time": Probe("GET", f"{FEDERATION}/timestamp_to_event/{{room}}?ts=1&dir=f"),
    "hierarchy": Probe("GET", f"{FEDERATION}/hierarchy/{{room}}"),
    "complexity": Probe("GET", "_matrix/federation/unstable/rooms/{room}/complexity"),
    "typing": Probe("PUT", f"{FEDERATION}/send/{{event}}", {"origin": "{other}", "origin_server_ts": 1, "pdus": [], "edus": [_TYPING]}),
    "write": Probe("PUT", f"{FEDERATION}/send/{{event}}w", {"origin": "{other}", "origin_server_ts": 1, "pdus": [_JOIN], "edus": []}),
}

#: What a server asks of another that is about no room.
OF_A_SERVER: dict[str, Probe] = {
    "public rooms": Probe("GET", f"{FEDERATION}/publicRooms"),
    "public rooms, found": Probe("POST", f"{FEDERATION}/publicRooms", {"filter": {"generic_search_term": "x"}}),
    "address": Probe("GET", f"{FEDERATION}/query/directory?room_alias=%23x:{{ours}}"),
    "profile": Probe("GET", f"{FEDERATION}/query/profile?user_id=@pat:{{ours}}"),
    "devices": Probe("GET", f"{FEDERATION}/user/devices/@pat:{{ours}}"),
    "keys": Probe("POST", f"{FEDERATION}/user/keys/query", {"device_keys": {"@pat:{ours}": []}}),
    "version": Probe("GET", f"{FEDERATION}/version"),
    "the server's key": Probe("GET", "_matrix/key/v2/server"),
}


@dataclass(frozen=True)
class Door:
    """A server as another one sees it."""

    server_name: str
    address: str


@dataclass(frozen=True)
class Foreign:
    """Somebody who lives on another server, and that server."""

    ours: Door
    other: Federating
    login: Login

    async def try_as_member(self, probe: Probe, room: str, event: str) -> Answer:
        """Let the person ask their own server."""
        filled = self._filled(room, event)
        where, body = _fill(probe, filled)
        status, found = await asked(self.other.base_url, probe.method, where, body, token=self.login.access_token)
        return status, _nameless(found, filled)

    async def try_as_server(self, probe: Probe, room: str, event: str, base: str = "") -> Answer:
        """Let the person's server ask ours, at its door for servers or at ``base``."""
        filled = self._filled(room, event)
        where, body = _fill(probe, filled)
        if probe.body in (_JOIN, _LEAVE, _KNOCK):
            body = signed(body, self.other)
        elif isinstance(body, dict) and body.get("pdus"):
            body["pdus"] = [signed(one, self.other) for one in body["pdus"]]
        status, found = await asked_by_server(self.other, self.ours.server_name, base or self.ours.address, probe.method, where, body)
        return status, _nameless(found, filled)

    def _filled(self, room: str, event: str) -> dict[str, str]:
        ours, other = self.ours.server_name, self.other.server_name
        return {"me": self.login.user_id, "room": room, "event": event, "ours": ours, "other": other}


def _fill(probe: Probe, values: dict[str, str]) -> tuple[str, Any]:
    where, body = probe.where, json.dumps(probe.body)
    for name, value in values.items():
        where, body = where.replace(f"{{{name}}}", quoted(value)), body.replace(f"{{{name}}}", value)
    return where, json.loads(body)


def _nameless(found: Any, values: dict[str, str]) -> Any:
    text = json.dumps(found, sort_keys=True)
    for name, value in values.items():
        text = text.replace(value, name.upper())
    return json.loads(re.sub(r"\$[\w-]{43}", "EVENT", text))


def _rejected(what: str) -> Answer:
    return 403, {"errcode": "M_FORBIDDEN", "error": f"{what} event was rejected"}


_UNFEDERATABLE = (403, {"errcode": "M_FORBIDDEN", "error": "This room has been marked as unfederatable."})
_NO_VERSION = (404, {"errcode": "M_NOT_FOUND", "error": "Could not find room_version for ROOM"})
_BY_ID: Known = {
    "make_join": (_UNFEDERATABLE, _NO_VERSION),
    "make_knock": (_UNFEDERATABLE, _NO_VERSION),
    "make_leave": (_UNFEDERATABLE, _NO_VERSION),
    "invite by mail": (_UNFEDERATABLE, _NO_VERSION),
    **{f"send_{what}": (_rejected(what), _NO_VERSION) for what in ("join", "knock", "leave")},
    "send_join, older": (_rejected("join"), _NO_VERSION),
    "event": ((403, {"errcode": "M_FORBIDDEN", "error": "Host not in room."}), (404, "")),
    # A server is never told what became of what it sent.
    "write": ((200, {"pdus": {"EVENT": {}}}), (200, {"pdus": {}})),
}
#: `m.federate: false` keeps another server out and admits that the room exists: who knows its id (for "event" that of an event) can tell
#: by these answers. So a closed server has no door for servers at all, see below. Whatever is new here fails the test.
KNOWN: dict[str, Known] = {
    "member": {
        "join": (_UNFEDERATABLE, (502, {"errcode": "M_UNKNOWN", "error": "Failed to make_join via any server"})),
        "knock": (_UNFEDERATABLE, (502, {"errcode": "M_UNKNOWN", "error": "Failed to make_knock via any server"})),
    },
    "server": _BY_ID,
}


Answers = dict[tuple[str, str], Answer]


async def answers(fay: Foreign, room: str, event: str) -> Answers:
    """Let her and her server try everything on a room; returns each answer by who asked and the name of the probe."""
    found: Answers = {("member", name): await fay.try_as_member(probe, room, event) for name, probe in BY_A_MEMBER.items()}
    return found | {("server", name): await fay.try_as_server(probe, room, event) for name, probe in BY_A_SERVER.items()}


def differing(real: Answers, none: Answers) -> dict[str, Known]:
    """Return where the answers differ, by who asked."""
    found: dict[str, Known] = {"member": {}, "server": {}}
    for (who, name), answer in real.items():
        if answer != none[who, name]:
            found[who][name] = (answer, none[who, name])
    return found


async def somebody(servers: tuple[Federating, Federating]) -> Foreign:
    """Return Fay, who lives on the other server."""
    ours, other = servers
    door = Door(ours.server_name, f"https://{ours.server_name}")
    return Foreign(door, other, await other.register(f"fay-{secrets.token_hex(3)}", "pw"))


async def rooms_of(fay: Foreign) -> list[str]:
    """Return the rooms that Fay's own server believes her to be in or invited to."""
    status, found = await asked(fay.other.base_url, "GET", f"{CLIENT}/sync", token=fay.login.access_token)
    assert status == 200
    return [room for how in ("join", "invite", "knock") for room in found.get("rooms", {}).get(how, {})]


async def members(member: Member, room: str) -> set[str]:
    """Return everybody of whom a room knows something, whatever it is, as somebody in it sees it."""
    return {str(one["state_key"]) for one in (await member.api.get(path("rooms", room, "members")))["chunk"]}


async def test_the_two_servers_speak_with_each_other(servers: tuple[Federating, Federating]) -> None:
    """An ordinary public room of our server is found, joined and read from the other one: what follows can fail."""
    ours, fay = servers[0], await somebody(servers)
    pat = await ours.register("pat", "pw")
    body = {"preset": "public_chat", "visibility": "public", "room_alias_name": "open", "name": "Open"}
    room = (await asked(ours.base_url, "POST", f"{CLIENT}/createRoom", body, token=pat.access_token))[1]["room_id"]

    listed = await fay.try_as_server(OF_A_SERVER["public rooms"], made_up("!"), made_up("$"))
    told = await fay.try_as_server(BY_A_SERVER["hierarchy"], room, made_up("$"))
    asked_in = await fay.try_as_server(BY_A_SERVER["make_join"], room, made_up("$"))
    joined = await asked(
        fay.other.base_url, "POST", f"{CLIENT}/join/{quoted(f'#open:{ours.server_name}')}", {}, token=fay.login.access_token
    )
    there = (await asked(ours.base_url, "GET", f"{CLIENT}/rooms/{quoted(room)}/joined_members", token=pat.access_token))[1]["joined"]

    assert [one["name"] for one in listed[1]["chunk"]] == ["Open"]
    assert (told[0], told[1]["room"]["name"]) == (200, "Open")
    assert asked_in[0] == 200
    assert joined == (200, {"room_id": room})
    assert fay.login.user_id in there


async def test_a_member_of_another_server_gets_in_nowhere(circle: Circle, servers: tuple[Federating, Federating]) -> None:
    """For each kind of room: nothing is granted to her or to her server, and the answers are those for no room but for the known ones."""
    fay, rooms = await somebody(servers), await every_kind(circle)
    none, tried = await answers(fay, made_up("!"), made_up("$")), 0

    for kind, (room, member) in rooms.items():
        real = await answers(fay, room, await an_event(room, member))
        assert differing(real, none) == KNOWN, kind
        assert fay.login.user_id not in await members(member, room)
        tried += len(real)

    listed = await fay.try_as_server(OF_A_SERVER["public rooms"], made_up("!"), made_up("$"))
    assert [one["name"] for one in listed[1]["chunk"] if one["name"] != "Open"] == []
    assert await rooms_of(fay) == []
    print(f"{tried} probes from another server; known to differ for each room: {[len(one) for one in KNOWN.values()]}")


async def test_no_other_setting_lets_another_server_in(circle: Circle, servers: tuple[Federating, Federating]) -> None:
    """A room that an owner opens to the world while nobody watches: another server reads its name and size, and still gets in nowhere."""
    fay, jo, room = await somebody(servers), circle.people["Jo"], await circle.circle_id()
    event = await an_event(room, jo)
    await circle.place.daemon.stop()
    address = f"#hello-{secrets.token_hex(3)}:{fay.ours.server_name}"
    for kind, content in {
        "m.room.history_visibility": {"history_visibility": "world_readable"},
        "m.room.guest_access": {"guest_access": "can_join"},
        "m.room.join_rules": {"join_rule": "public"},
    }.items():
        await jo.api.put(path("rooms", room, "state", kind, ""), content)
    await jo.api.put(path("directory", "list", "room", room), {"visibility": "public"})
    await jo.api.put(path("directory", "room", address), {"room_id": room})

    none = await answers(fay, made_up("!"), made_up("$"))
    found = differing(await answers(fay, room, event), none)
    by_address = await asked(fay.other.base_url, "POST", f"{CLIENT}/join/{quoted(address)}", {}, token=fay.login.access_token)
    listed = await fay.try_as_server(OF_A_SERVER["public rooms"], made_up("!"), made_up("$"))

    # Synapse asks who may enter, not from where, before it describes a room.
    del found["server"]["complexity"]
    shown = {"member": found["member"].pop("summary"), "server": found["server"].pop("hierarchy")}
    assert found == KNOWN
    assert shown["member"][0][1]["name"] == shown["server"][0][1]["room"]["name"] == "Thursday evenings: circle"
    assert by_address == _UNFEDERATABLE
    assert [one["name"] for one in listed[1]["chunk"] if one["name"] != "Open"] == []
    assert fay.login.user_id not in await members(jo, room)
    assert await rooms_of(fay) == []


async def test_nobody_of_another_server_is_entered_or_invited(circle: Circle, servers: tuple[Federating, Federating]) -> None:
    """Whoever enters her by mistake reads why that cannot be; a key member's own app cannot invite her, and she gets no bot into a chat."""
    fay, room = await somebody(servers), await circle.circle_id()
    mei, before = circle.people["Mei"], await circle.ids()

    status, said = await circle.place.say("people", "add", "Fay", fay.login.user_id)
    with pytest.raises(Refused) as refused:
        await mei.api.post(path("rooms", room, "invite"), {"user_id": fay.login.user_id})
    for account in ("reader", "doorkeeper", "creator"):
        user = f"@{account}-{circle.place.number}:{fay.ours.server_name}"
        body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user]}
        await asked(fay.other.base_url, "POST", f"{CLIENT}/createRoom", body, token=fay.login.access_token)

    assert status == 78
    assert "is an account on another server" in said
    assert refused.value.code == "M_FORBIDDEN"
    for one in (await circle.ids()).values():
        assert fay.login.user_id not in await members(circle.people["Jo"], one)
    assert set(before) <= set(await circle.ids())


async def _refusals(server: Synapse, address: str, servers: tuple[Federating, Federating]) -> set[tuple[int, str]]:
    """Return how a server refuses whatever another server asks, about a room and about none; each refusal must be the same for both."""
    fay = replace(await somebody(servers), ours=Door(server.server_name, address))
    pat = await server.register("pat", "pw")
    made = await asked(server.base_url, "POST", f"{CLIENT}/createRoom", {"name": "x"}, token=pat.access_token)
    refusals = set()
    for name, probe in (BY_A_SERVER | OF_A_SERVER).items():
        real = await fay.try_as_server(probe, made[1]["room_id"], made_up("$"))
        none = await fay.try_as_server(probe, made_up("!"), made_up("$"))
        assert real == none, name
        refusals.add((real[0], real[1].get("errcode", name)))
    return refusals


async def test_the_recommended_server_has_no_door_for_servers(
    servers: tuple[Federating, Federating], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing that servers ask is served at all, about a room or about none; what we recommend has no listener of its own."""
    server = closed(tmp_path_factory.mktemp("recommended"))
    await server.start()
    try:
        refusals = await _refusals(server, server.base_url, servers)
    finally:
        await server.stop()

    assert "listeners" not in recommended()
    assert [one["resources"][0]["names"] for one in server._config()["listeners"]] == [["client"]]
    assert refusals == {(404, "M_UNRECOGNIZED")}


async def test_a_door_that_is_opened_by_mistake_stays_shut(
    servers: tuple[Federating, Federating], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With what we recommend and a listener for servers all the same every server is refused, before a room is looked for."""
    server = closed(tmp_path_factory.mktemp("mistaken"))
    port = free_port()
    server.extra["listeners"] = [listener(server.port, "client", tls=False), listener(port, "federation", tls=False)]
    await server.start()
    try:
        refusals = await _refusals(server, f"http://{HOST}:{port}", servers)
    finally:
        await server.stop()

    # The key it signs with is for everybody.
    assert refusals == {(403, "M_FORBIDDEN"), (200, "the server's key")}
