"""Words whose key is late, and a homeserver that stumbles meanwhile: nothing stays behind."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
import vodozemac
from nio.crypto import OlmDevice

from supportd.matrix import ownkeys
from supportd.matrix.chain import Device
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.errors import MatrixError, ServerAway, SlowDown, TooLarge
from supportd.matrix.gaps import FEW, Gaps, gap_of
from supportd.matrix.http import Api
from supportd.matrix.intake import Intake, Raw
from supportd.matrix.machine import Machine
from supportd.matrix.oldkeys import forget, wind
from supportd.matrix.waiting import MOST_OF_ONE
from supportd.matrix.withheld import MEGOLM
from tests.unit.matrix.test_gaps import Inbox
from tests.unit.matrix.test_session import ROOM, Script, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from supportd.engine import wire

HOUR: Final = 3600.0
JUNK: Final = [{"type": "m.dummy", "sender": "@mallory:x", "content": {"n": number}} for number in range(100)]


def made(folder: Path, user: str, device: str) -> Machine:
    """Return a device with a store of its own."""
    return Machine(user, device, CryptoStore(user, device, folder / device, file_key=b"f" * 32, pickle_key=b"p" * 32))


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Machine]:
    """Yield our device."""
    one = made(tmp_path, "@bot:x", "BOT")
    yield one
    one.store.close()


class Ann:
    """A member's device with an Olm session to ours, and one room key."""

    def __init__(self, folder: Path, bot: Machine) -> None:
        """Open the session."""
        self.machine = made(folder, "@ann:x", "ANN")
        bot.olm.account.generate_one_time_keys(1)
        key = next(iter(bot.olm.account.one_time_keys["curve25519"].values()))
        bot.olm.mark_keys_as_published()
        bot.olm.save_account()
        self.bot = OlmDevice(bot.user_id, bot.device_id, {"ed25519": bot.identity[1], "curve25519": bot.identity[0]})
        self.machine.olm.create_session(key, bot.identity[0])
        self.group = vodozemac.GroupSession()

    def key(self) -> dict[str, Any]:
        """Return the to-device event that brings the room key."""
        group = self.group
        content = {"algorithm": MEGOLM, "room_id": ROOM, "session_id": group.session_id, "session_key": group.session_key.to_base64()}
        session = self.machine.olm.session_store.get(self.bot.curve25519)
        sealed = self.machine.olm._olm_encrypt(session, self.bot, "m.room_key", content)
        return {"type": "m.room.encrypted", "sender": "@ann:x", "content": sealed}

    def say(self, text: str, *, ago: float = 0.0) -> dict[str, Any]:
        """Return an encrypted message, sent some seconds ago."""
        clear = json.dumps({"type": "m.room.message", "content": {"msgtype": "m.text", "body": text}, "room_id": ROOM})
        sealed = {"algorithm": MEGOLM, "session_id": self.group.session_id, "ciphertext": self.group.encrypt(clear.encode()).to_base64()}
        moment = int((time.time() - ago) * 1000)
        return {"event_id": f"${text}", "type": "m.room.encrypted", "sender": "@ann:x", "origin_server_ts": moment, "content": sealed}


@pytest.fixture
def ann(tmp_path: Path, bot: Machine) -> Iterator[Ann]:
    """Yield a member."""
    one = Ann(tmp_path, bot)
    yield one
    one.machine.store.close()


def body(
    token: str, *, keys: Sequence[dict[str, Any]] = (), events: Sequence[dict[str, Any]] = (), limited: bool = False
) -> dict[str, Any]:
    """Return the answer to a sync."""
    timeline = {"events": list(events), "limited": limited, "prev_batch": "p"}
    return {"next_batch": token, "to_device": {"events": list(keys)}, "rooms": {"join": {ROOM: {"timeline": timeline}}}}


class Stumbling(Script):
    """Answers pages with nothing, and raises what is given to ``event``."""

    event: MatrixError | None = None

    async def ask(self, method: str, where: str, body: object = None, **more: Any) -> Any:
        """Answer."""
        if "/event/" in where and self.event is not None:
            raise self.event
        if where.endswith("keys/query") and isinstance(body, dict):
            return {"device_keys": {user: {} for user in body["device_keys"]}}
        return {"chunk": []} if where.endswith("messages") else await super().ask(method, where, body, **more)


@pytest.mark.asyncio
async def test_a_key_that_came_in_a_sync_that_broke_off_is_no_lost_key(bot: Machine, ann: Ann) -> None:
    """A key is kept and then the sync breaks off: the words that waited for it are read at the next one."""
    key, word = ann.key(), ann.say("one")
    full = body("t2", keys=[key, *JUNK[:99]], limited=True)
    script: list[MatrixError | dict[str, Any]] = [body("t1", events=[word]), full, ServerAway(), full, {"next_batch": "t3"}, body("t4")]
    session, inbox = session_of(Stumbling(script), bot)
    await session.step()
    await session.settle()
    waited = list(inbox.waiting)

    with pytest.raises(ServerAway):
        await session.step()
    await session.step()
    await session.settle()

    assert waited == ["$one"]
    assert [one.text for one in inbox.timeline] == ["one"]
    assert not inbox.waiting


@pytest.mark.asyncio
async def test_words_of_before_a_long_absence_wait_for_their_keys_too(bot: Machine, ann: Ann) -> None:
    """After days away, words come with the first sync and their key with a later one: they wait from when they came."""
    key, word = ann.key(), ann.say("one", ago=100 * HOUR)
    session, inbox = session_of(Stumbling([body("t1", events=[word]), body("t2"), body("t3", keys=[key]), body("t4")]), bot)
    inbox.at = "t0"

    for _ in range(4):
        await session.step()
        await session.settle()

    assert [one.text for one in inbox.timeline] == ["one"]


@pytest.mark.asyncio
async def test_all_keys_of_an_absence_come_before_its_words(bot: Machine, ann: Ann) -> None:
    """A server gives a hundred keys a sync: after a start the rest is fetched before anything is read."""
    key, word = ann.key(), ann.say("one")
    first, rest = body("t1", keys=JUNK, events=[word]), {"next_batch": "t2", "to_device": {"events": [key]}}
    session, inbox = session_of(Stumbling([first, rest, {"next_batch": "t3"}]), bot)
    inbox.at = "t0"

    await session.step()
    await session.settle()

    assert [one.text for one in inbox.timeline] == ["one"]


@pytest.mark.asyncio
async def test_no_edit_is_lost_when_the_server_stumbles(bot: Machine) -> None:
    """Who wrote the edited words cannot be asked just now: the sync is not committed and comes again, ten times."""
    new = {"msgtype": "m.text", "body": "b"}
    content = {**new, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"}}
    edit = {"type": "m.room.message", "event_id": "$edit", "sender": "@ann:x", "origin_server_ts": 5, "content": content}
    script: list[MatrixError | dict[str, Any]] = [body("t2", events=[edit]) for _ in range(10)]
    api = Stumbling(script)
    api.event = SlowDown(seconds=1)
    session, inbox = session_of(api, bot)

    for _ in range(9):
        with pytest.raises(SlowDown):
            await session.step()
    before = inbox.at
    await session.step()
    await session.settle()

    assert before is None
    assert inbox.at == "t2"


class Silent(Stumbling):
    """Never says who has which devices."""

    async def ask(self, method: str, where: str, body: object = None, **more: Any) -> Any:
        """Answer."""
        if where.endswith("keys/query"):
            raise ServerAway
        return await super().ask(method, where, body, **more)


@pytest.mark.asyncio
async def test_words_are_read_in_the_end_without_devices(bot: Machine, ann: Ann, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody ever says whose devices are whose, syncs come again for a while; then words are read, and count for nothing."""

    async def sleep(_seconds: float) -> None:
        pass

    monkeypatch.setattr("supportd.matrix.session.asyncio.sleep", sleep)
    key, word = ann.key(), ann.say("one")
    session, inbox = session_of(Silent([body("t1", keys=[key], events=[word]) for _ in range(7)]), bot)
    inbox.at = "t0"

    for _sync in range(6):
        with pytest.raises(ServerAway):
            await session.step()
    before = len(inbox.timeline)
    await session.step()
    await session.rest()

    assert before == 0
    assert [one.text for one in inbox.timeline] == ["one"]


class Rooms(Api):
    """A fake server: one room's pages fail, another's are too large for a hundred events, and are there."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__("http://127.0.0.1:1")
        self.limits: list[str] = []

    async def get(self, where: str, query: dict[str, str] | None = None, **_more: Any) -> dict[str, Any]:
        """Answer."""
        if "%21bad" in where:
            raise ServerAway
        self.limits.append((query or {})["limit"])
        if self.limits[-1] != str(FEW):
            raise TooLarge(most=5)
        return {"chunk": [{"event_id": "$b"}]}


@pytest.mark.asyncio
async def test_one_room_that_cannot_be_read_keeps_no_other_waiting() -> None:
    """A gap whose pages fail is passed for now and told at the end; the next is read, in smaller pages where they are too large."""
    inbox, read = Inbox((gap_of("!bad", "end", "old"), gap_of("!good", "end", "old"))), []

    async def page(gap: wire.GapMark, events: Sequence[dict[str, Any]]) -> tuple[Sequence[wire.Incoming], Sequence[wire.Mark]]:
        read.append((gap.room, len(events)))
        return (), ()

    api = Rooms()
    with pytest.raises(ServerAway):
        await Gaps(api, inbox, page).go_on()  # type: ignore[arg-type]  # a part of an inbox

    assert read == [("!good", 1)]
    assert api.limits == ["100", str(FEW)]


class Uploads(Api):
    """A fake server that counts the one-time keys it is given."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__("http://127.0.0.1:1")
        self.count = 0

    async def post(self, where: str, body: Any) -> dict[str, Any]:
        """Count."""
        del where
        self.count += len(body.get("one_time_keys", {}))
        return {}


@pytest.mark.asyncio
async def test_a_server_cannot_make_us_make_keys_without_end(bot: Machine) -> None:
    """A negative number of one-time keys counts as none."""
    api = Uploads()

    await ownkeys.upload(bot, api, count=-(10**9), fallback=False)

    assert api.count == bot.olm.account.max_one_time_keys


def test_an_odd_withheld_code_is_passed_over(bot: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that is a list costs nobody else's event anything."""
    content = {"algorithm": MEGOLM, "code": [], "room_id": ROOM, "session_id": "s"}
    odd = {"type": "m.room_key.withheld", "sender": "@mallory:x", "content": content}
    reloads: list[int] = []
    monkeypatch.setattr(bot, "reload", lambda: reloads.append(1))

    found = Intake(bot).to_device([odd] * 5)

    assert found == (set(), [])
    assert reloads == []


@pytest.mark.asyncio
async def test_a_key_held_up_by_somebody_else_settles_nothing(bot: Machine, ann: Ann) -> None:
    """A member sends another's late key as their own: her words wait for her own copy, and are proven then."""
    bot.know("@ann:x", (Device("@ann:x", "ANN", *ann.machine.identity),))
    eve = vodozemac.Account()
    curve, ed = eve.curve25519_key.to_base64(), eve.ed25519_key.to_base64()
    bot.know("@eve:x", (Device("@eve:x", "EVE", curve, ed),))
    group, own = ann.group, ann.key()
    bot.olm.create_group_session(curve, ed, ROOM, group.session_id, group.session_key.to_base64())
    word, intake = ann.say("one"), Intake(bot)

    before = intake.read([Raw(ROOM, word)])
    intake.to_device([own])
    after = intake.read([Raw(ROOM, word)])

    assert before.incoming == []
    assert [(one.id, one.verified) for one in after.incoming] == [("$one", True)]


def test_a_copy_does_not_take_the_place_of_the_original(bot: Machine, ann: Ann) -> None:
    """Somebody posts another's ciphertext as their own and it is read first: it is not read, and the original is."""
    bot.know("@ann:x", (Device("@ann:x", "ANN", *ann.machine.identity),))
    bot.olm.create_group_session(*ann.machine.identity, ROOM, ann.group.session_id, ann.group.session_key.to_base64())
    word = ann.say("one")
    copied, intake = {**word, "sender": "@eve:x", "event_id": "$copy"}, Intake(bot)

    found = intake.read([Raw(ROOM, copied), Raw(ROOM, word)])

    assert [(one.id, one.verified) for one in found.incoming] == [("$one", True)]


def test_one_member_cannot_fill_the_disk(bot: Machine) -> None:
    """Of ciphertext without a key some hundreds of each sender wait, of others still; a freed place is given again."""
    intake = Intake(bot)

    def unknown(number: int, sender: str) -> Raw:
        content = {"algorithm": MEGOLM, "session_id": f"s{number}", "ciphertext": "AwgA"}
        event = {"event_id": f"${sender}{number}", "type": "m.room.encrypted", "sender": sender, "origin_server_ts": 5, "content": content}
        return Raw(ROOM, event)

    many = intake.read([unknown(number, "@mallory:x") for number in range(MOST_OF_ONE + 100)])
    other = intake.read([unknown(1, "@ann:x")])
    intake.lot.leave("$@mallory:x0")
    freed = intake.read([unknown(5000, "@mallory:x"), unknown(5001, "@mallory:x")])

    assert [len(taken.marks) for taken in (many, other, freed)] == [MOST_OF_ONE, 1, 1]


def test_a_key_that_was_wound_forward_is_not_taken_back(bot: Machine, ann: Ann) -> None:
    """A second copy of a room key opens no more than the first was left with, and one that ended is not taken again."""
    early = ann.group.session_key.to_base64()
    words = [ann.say(str(number)) for number in range(4)]
    curve, ed = ann.machine.identity

    def sent() -> Any:
        bot.olm.create_group_session(curve, ed, ROOM, ann.group.session_id, early)
        return bot.olm.inbound_group_store.get(ROOM, curve, ann.group.session_id)

    wind(bot, sent(), 2)
    again = sent().first_known_index
    readable = [one.id for one in Intake(bot).read([Raw(ROOM, word) for word in words]).incoming]
    bot.drop_room_key(bot.room_keys()[0])

    assert again == 2
    assert readable == ["$2", "$3"]
    assert sent() is None


@pytest.mark.asyncio
async def test_keys_of_what_is_still_to_be_read_stay(bot: Machine, ann: Ann) -> None:
    """While something of a room waits to be read its keys stay; keys of rooms in which we are not end after a day."""
    curve, ed = ann.machine.identity
    bot.olm.create_group_session(curve, ed, ROOM, ann.group.session_id, ann.group.session_key.to_base64())
    other = vodozemac.GroupSession()
    bot.olm.create_group_session(curve, ed, "!strange", other.session_id, other.session_key.to_base64())
    long_ago = "UPDATE supportd_arrived SET at = at - 2000000"
    bot.store.database.execute_sql(long_ago)

    await forget(bot, timedelta(hours=72), waiting={ROOM}, rooms={ROOM})
    kept = [one.room_id for one in bot.room_keys()]
    await forget(bot, timedelta(hours=72), rooms={ROOM})

    assert kept == [ROOM]
    assert bot.room_keys() == ()
