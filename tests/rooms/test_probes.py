"""What a stranger and a guest of the same server learn of a group's rooms: nothing that differs from a room that does not exist."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.rooms.acts import an_event, every_kind, made_up
from tests.rooms.conftest import until
from tests.rooms.servers import CLIENT, CLIENT_V1, asked, closed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.demo.synapse import Synapse
    from tests.rooms.conftest import Circle

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


@pytest.fixture(scope="module")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """Yield a Synapse as we recommend it, but for guests: without them there would be nothing to try for one."""
    server = closed(tmp_path_factory.mktemp("closed"), allow_guest_access=True)
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


Answer = tuple[int, Any]
#: Probe -> the answer for a room of ours, and the one for none.
Known = dict[str, tuple[Answer, Answer]]


@dataclass(frozen=True)
class Probe:
    """One request about a room; ``{room}``, ``{event}``, ``{me}`` and ``{who}`` in it are filled in."""

    method: str
    where: str
    body: Any = None


_ROOM = CLIENT + "/rooms/{room}"
_UNSTABLE = "_matrix/client/unstable/im.nheko.summary"
_VIA = "?via=demo.local&server_name=demo.local"
_WORDS = {"msgtype": "m.text", "body": "Is anybody there?"}
_IN_ROOM = {"room_events": {"search_term": "hello", "filter": {"rooms": ["{room}"]}}}
PROBES: dict[str, Probe] = {
    "join": Probe("POST", f"{CLIENT}/join/{{room}}", {}),
    "join by a server": Probe("POST", f"{CLIENT}/join/{{room}}{_VIA}", {}),
    "join, the other way": Probe("POST", f"{_ROOM}/join", {}),
    "knock": Probe("POST", f"{CLIENT}/knock/{{room}}", {}),
    "knock by a server": Probe("POST", f"{CLIENT}/knock/{{room}}{_VIA}", {}),
    "initialSync": Probe("GET", f"{_ROOM}/initialSync"),
    "messages": Probe("GET", f"{_ROOM}/messages?dir=b&limit=5"),
    "state": Probe("GET", f"{_ROOM}/state"),
    "name": Probe("GET", f"{_ROOM}/state/m.room.name/"),
    "create": Probe("GET", f"{_ROOM}/state/m.room.create/"),
    "somebody's membership": Probe("GET", f"{_ROOM}/state/m.room.member/{{who}}"),
    "members": Probe("GET", f"{_ROOM}/members"),
    "joined members": Probe("GET", f"{_ROOM}/joined_members"),
    "aliases": Probe("GET", f"{_ROOM}/aliases"),
    "context": Probe("GET", f"{_ROOM}/context/{{event}}"),
    "event": Probe("GET", f"{_ROOM}/event/{{event}}"),
    "event by time": Probe("GET", f"{CLIENT_V1}/rooms/{{room}}/timestamp_to_event?ts=1&dir=f"),
    "relations": Probe("GET", f"{CLIENT_V1}/rooms/{{room}}/relations/{{event}}"),
    "threads": Probe("GET", f"{CLIENT_V1}/rooms/{{room}}/threads"),
    "hierarchy": Probe("GET", f"{CLIENT_V1}/rooms/{{room}}/hierarchy"),
    "summary": Probe("GET", f"{CLIENT_V1}/room_summary/{{room}}"),
    "summary by a server": Probe("GET", f"{CLIENT_V1}/room_summary/{{room}}?via=demo.local"),
    "summary, unstable": Probe("GET", f"{_UNSTABLE}/rooms/{{room}}/summary"),
    "summary, older": Probe("GET", f"{_UNSTABLE}/summary/{{room}}"),
    "live events": Probe("GET", f"{CLIENT}/events?room_id={{room}}&timeout=0"),
    "search in it": Probe("POST", f"{CLIENT}/search", {"search_categories": _IN_ROOM}),
    "in the public list?": Probe("GET", f"{CLIENT}/directory/list/room/{{room}}"),
    "into the public list": Probe("PUT", f"{CLIENT}/directory/list/room/{{room}}", {"visibility": "public"}),
    "an address for it": Probe("PUT", f"{CLIENT}/directory/room/%23probe:demo.local", {"room_id": "{room}"}),
    "invite oneself": Probe("POST", f"{_ROOM}/invite", {"user_id": "{me}"}),
    "invite": Probe("POST", f"{_ROOM}/invite", {"user_id": "{who}"}),
    "remove": Probe("POST", f"{_ROOM}/kick", {"user_id": "{who}"}),
    "ban": Probe("POST", f"{_ROOM}/ban", {"user_id": "{who}"}),
    "lift a ban": Probe("POST", f"{_ROOM}/unban", {"user_id": "{who}"}),
    "leave": Probe("POST", f"{_ROOM}/leave", {}),
    "forget": Probe("POST", f"{_ROOM}/forget", {}),
    "write": Probe("PUT", f"{_ROOM}/send/m.room.message/probe", _WORDS),
    "rename": Probe("PUT", f"{_ROOM}/state/m.room.name/", {"name": "x"}),
    "take away": Probe("PUT", f"{_ROOM}/redact/{{event}}/probe", {}),
    "typing": Probe("PUT", f"{_ROOM}/typing/{{me}}", {"typing": True}),
    "read up to": Probe("POST", f"{_ROOM}/receipt/m.read/{{event}}", {}),
    "read markers": Probe("POST", f"{_ROOM}/read_markers", {"m.fully_read": "{event}"}),
    "report an event": Probe("POST", f"{_ROOM}/report/{{event}}", {"reason": "x"}),
    "report the room": Probe("POST", f"{_ROOM}/report", {"reason": "x"}),
    "replace": Probe("POST", f"{_ROOM}/upgrade", {"new_version": "12"}),
    "own notes on it": Probe("PUT", f"{CLIENT}/user/{{me}}/rooms/{{room}}/account_data/org.probe", {"a": 1}),
    "own tags on it": Probe("GET", f"{CLIENT}/user/{{me}}/rooms/{{room}}/tags"),
}

#: What Synapse answers otherwise where there is a room: probe -> the answer there, and where there is none. Each needs the room's id
#: (for an event also the event's): 43 random characters that only people who were let in were ever told, and that nothing below gives away.
#: Synapse looks for the room first and asks who wants to know later; none of its settings changes that, so it is written down in
#: docs/operators, and whatever is new here fails the test.
_NOT_IN = (403, {"errcode": "M_FORBIDDEN", "error": "ME not in room ROOM."})
_USER_NOT_IN = (403, {"errcode": "M_FORBIDDEN", "error": "User ME not in room ROOM"})
_UNKNOWN_ROOM = (403, {"errcode": "M_FORBIDDEN", "error": "Unknown room"})
_NO_ROOM = (404, {"errcode": "M_UNKNOWN", "error": "Not a known room"})
_NOT_INVITED = (403, {"errcode": "M_FORBIDDEN", "error": "You are not invited to this room."})
_NO_SERVERS = (404, {"errcode": "M_UNKNOWN", "error": "Can't join remote room because no servers that are in the room have been provided."})
_NO_KNOCK = (403, {"errcode": "M_FORBIDDEN", "error": "You don't have permission to knock"})
_NO_KNOWN = (404, {"errcode": "M_UNKNOWN", "error": "No known servers"})
_NO_SUMMARY = (404, {"errcode": "M_NOT_FOUND", "error": "Room not found or is not accessible"})
_NO_VIA = (400, {"errcode": "M_UNKNOWN", "error": "Missing via to query remote room"})
_NO_EVENT = (403, {"errcode": "M_FORBIDDEN", "error": "You don't have permission to access that event."})
_NOTHING_FOUND = {"search_categories": {"room_events": {"count": 0, "highlights": [], "results": []}}}
_BOTH: Known = {
    "context": (_NO_EVENT, (404, {"errcode": "M_NOT_FOUND", "error": "Event not found."})),
    "summary": (_NO_SUMMARY, _NO_VIA),
    "summary, unstable": (_NO_SUMMARY, _NO_VIA),
    "summary, older": (_NO_SUMMARY, _NO_VIA),
    "in the public list?": ((200, {"visibility": "private"}), (404, {"errcode": "M_NOT_FOUND", "error": "Unknown room"})),
    "leave": (_NOT_IN, _NO_ROOM),
}
_ADDRESS_OF_NONE = (400, {"errcode": "M_UNKNOWN", "error": "Room does not exist"})
KNOWN: dict[str, Known] = {
    "guest": {
        **_BOTH,
        "an address for it": ((403, {"errcode": "M_GUEST_ACCESS_FORBIDDEN", "error": "Guest access not allowed"}), _ADDRESS_OF_NONE),
    },
    "stranger": {
        **_BOTH,
        "join": (_NOT_INVITED, _NO_SERVERS),
        "join by a server": (_NOT_INVITED, _NO_SERVERS),
        "join, the other way": (_NOT_INVITED, _NO_SERVERS),
        "knock": (_NO_KNOCK, _NO_KNOWN),
        "knock by a server": (_NO_KNOCK, _NO_KNOWN),
        "search in it": ((200, _NOTHING_FOUND), (404, {"errcode": "M_NOT_FOUND", "error": "Current state for room ROOM is empty"})),
        "into the public list": (_USER_NOT_IN, (400, {"errcode": "M_UNKNOWN", "error": "Unknown room"})),
        "an address for it": (
            (403, {"errcode": "M_FORBIDDEN", "error": "You must be in the room to create an alias for it"}),
            _ADDRESS_OF_NONE,
        ),
        "invite oneself": (_NOT_IN, _UNKNOWN_ROOM),
        "invite": (_NOT_IN, _UNKNOWN_ROOM),
        "ban": (_NOT_IN, _UNKNOWN_ROOM),
        "remove": (_NOT_IN, _NO_ROOM),
        "lift a ban": ((403, {"errcode": "M_BAD_STATE", "error": "Cannot unban user who was not banned (membership=join)"}), _NO_ROOM),
        "take away": (_USER_NOT_IN, (404, {"errcode": "M_NOT_FOUND", "error": "Could not find room_version for ROOM"})),
        "read up to": (_NO_EVENT, (200, {})),
        "read markers": ((200, {}), (404, {"errcode": "M_UNKNOWN", "error": "Could not find event EVENT in room ROOM"})),
        "report the room": ((200, {}), (404, {"errcode": "M_NOT_FOUND", "error": "Room does not exist"})),
        "replace": (
            (403, {"errcode": "M_FORBIDDEN", "error": "User ME not in room ROOM (None)"}),
            (404, {"errcode": "M_NOT_FOUND", "error": "Unknown room id ROOM"}),
        ),
    },
}
#: Where Synapse tells somebody who knows a room's id, an earlier member say, whether a person they name is in it: it looks at the other
#: person's membership before the asker's. No setting changes this either; said in docs/operators.
TELLS_WHO_IS_IN = {"remove", "lift a ban"}


@dataclass(frozen=True)
class Prober:
    """Somebody who tries."""

    user: str
    token: str


async def answer(synapse: Synapse, prober: Prober, probe: Probe, **ids: str) -> Answer:
    """Let somebody try; returns the status and the body, in which ids are words."""
    filled = {"me": prober.user, **ids}
    where, body = probe.where, json.dumps(probe.body)
    for name, value in filled.items():
        where, body = where.replace(f"{{{name}}}", quoted(value)), body.replace(f"{{{name}}}", value)
    status, found = await asked(synapse.base_url, probe.method, where, json.loads(body), token=prober.token)
    text = json.dumps(found, sort_keys=True)
    for name, value in filled.items():
        text = text.replace(value, name.upper())
    return status, json.loads(text)


async def probers(circle: Circle) -> dict[str, Prober]:
    """Return a stranger with an account, and a guest."""
    stranger = await circle.stranger("Eve")
    _status, guest = await asked(circle.synapse.base_url, "POST", f"{CLIENT}/register?kind=guest", {})
    return {
        "stranger": Prober(stranger.user_id, stranger.login.access_token),
        "guest": Prober(guest["user_id"], guest["access_token"]),
    }


async def test_a_room_is_as_if_it_did_not_exist(circle: Circle) -> None:
    """For each kind of room, whatever a stranger or a guest tries is answered as for a room that does not exist, but for the known list."""
    rooms, tried = await every_kind(circle), 0

    for who, prober in (await probers(circle)).items():
        for kind, (room, member) in rooms.items():
            there = {"room": room, "event": await an_event(room, member), "who": member.user_id}
            differing: Known = {}
            for name, probe in PROBES.items():
                real = await answer(circle.synapse, prober, probe, **there)
                none = await answer(circle.synapse, prober, probe, room=made_up("!"), event=made_up("$"), who=member.user_id)
                tried += 1
                if real != none:
                    differing[name] = (real, none)
            assert differing == KNOWN[who], (who, kind)

    assert tried == 2 * len(rooms) * len(PROBES)
    known = {who: len(one) for who, one in KNOWN.items()}
    print(f"{tried} probes; of {len(PROBES)} for each room known to differ: {known}")


async def test_who_is_in_a_room_is_not_told(circle: Circle) -> None:
    """A request that names a person is answered the same for a member and for anybody else, but for what is known of Synapse."""
    room, jo, ned = await circle.circle_id(), circle.people["Jo"], await circle.stranger("Ned")
    found: dict[str, set[str]] = {}

    for who, prober in (await probers(circle)).items():
        found[who] = set()
        for name, probe in PROBES.items():
            ids = {"room": room, "event": made_up("$")}
            member = await answer(circle.synapse, prober, probe, **ids, who=jo.user_id)
            if member != await answer(circle.synapse, prober, probe, **ids, who=ned.user_id):
                found[who].add(name)

    assert found == {"stranger": TELLS_WHO_IS_IN, "guest": set()}


async def test_nothing_leads_to_a_room_or_its_people(circle: Circle) -> None:
    """Public list, addresses, search for people, profiles and common rooms: nothing of the group, and the same as for names nobody has."""
    base, jo = circle.synapse.base_url, circle.people["Jo"]
    words = {"real": ("Thursday", "thursday", jo.user_id), "none": ("Nowhere", "nowhere", f"@nobody-{secrets.token_hex(4)}:demo.local")}

    async def a_member_finds_another() -> bool:
        status, sam = await asked(base, "POST", f"{CLIENT}/user_directory/search", {"search_term": "sam"}, token=jo.login.access_token)
        return (status, [one["user_id"] for one in sam["results"]]) == (200, [circle.people["Sam"].user_id])

    # The search is on, and Synapse, which fills it a while after, has filled it: else finding nothing would say nothing.
    await until(a_member_finds_another, 30, every=0.5)
    for prober in (await probers(circle)).values():
        found = {}
        for which, (name, alias, user) in words.items():
            asks: dict[str, tuple[str, str, Any]] = {
                "list": ("GET", f"{CLIENT}/publicRooms", None),
                "search": ("POST", f"{CLIENT}/publicRooms", {"filter": {"generic_search_term": name}}),
                "address": ("GET", f"{CLIENT}/directory/room/{quoted(f'#{alias}:demo.local')}", None),
                "people": ("POST", f"{CLIENT}/user_directory/search", {"search_term": user[1:].split(":")[0]}),
                "profile": ("GET", f"{CLIENT}/profile/{quoted(user)}", None),
                "name": ("GET", f"{CLIENT}/profile/{quoted(user)}/displayname", None),
                "common rooms": ("GET", f"{CLIENT_V1}/mutual_rooms?user_id={quoted(user)}", None),
            }
            found[which] = {
                one: (status, json.dumps(answered).replace(alias, "ALIAS"))
                for one, (method, where, body) in asks.items()
                for status, answered in [await asked(base, method, where, body, token=prober.token)]
            }
        assert found["real"] == found["none"]
        assert '"chunk": []' in found["real"]["list"][1]
        assert found["real"]["people"][0] != 200 or '"results": []' in found["real"]["people"][1]


async def test_without_an_account_there_is_nothing_to_ask(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The server that we recommend makes no guests and no accounts, and shows the public list to nobody without one."""
    server = closed(tmp_path_factory.mktemp("closed"))
    await server.start()
    try:
        guest = await asked(server.base_url, "POST", f"{CLIENT}/register?kind=guest", {})
        account = await asked(server.base_url, "POST", f"{CLIENT}/register", {"username": "eve", "password": "pw"})
        listed = await asked(server.base_url, "GET", f"{CLIENT}/publicRooms")
    finally:
        await server.stop()

    assert (guest[0], guest[1]["error"]) == (403, "Guest access is disabled")
    assert account[0] == 403
    assert account[1]["error"].startswith("Registration has been disabled")
    assert (listed[0], listed[1]["errcode"]) == (401, "M_MISSING_TOKEN")
