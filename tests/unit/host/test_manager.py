"""How a hook is called."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from supportd.engine.ports import HookFailed
from supportd.host.manager import Manager
from supportd.host.watchdog import TooLong, Watchdog
from supportd.sdk.effects import PostMessage
from supportd.sdk.events import JoinAsked, MemberJoined
from supportd.sdk.findings import Refusal
from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId
from tests.unit.host.samples import WORDS, Hangs, Leaves, Raises, Thing, ThingSettings

NOW = datetime(2026, 6, 2, 17, 0, tzinfo=UTC)
EVENT = MemberJoined(id=EventId("$1"), group=GroupId("roses"), at=NOW, room=RoomId("!circle"), member=PersonId("karim"))
ASKED = JoinAsked(id=EventId("$2"), group=GroupId("roses"), at=NOW, room=RoomId("!circle"), person=None, door="join")
GIVEN = {"event": EVENT, "group": None, "store": None, "settings": ThingSettings(), "findings": ()}


def manager(limit: float = 2.0) -> Manager:
    """Return a manager with all samples."""
    return Manager({one.name: one for one in (Thing(), Raises(), Leaves(), Hangs())}, limit=limit)


def test_a_plugin_is_called_alone_with_what_it_asks_for() -> None:
    """Only the named plugin hears of the event, and its generator is drained."""
    assert manager().call("thing", "member_joined", GIVEN) == (PostMessage(room=RoomId("!circle"), text="Hello"),)


def test_a_hook_that_nobody_has_yields_nothing() -> None:
    """A plugin without the hook is not called."""
    made = manager()

    assert not made.listens("thing", "timer_fired")
    assert made.call("thing", "timer_fired", GIVEN) == ()


def test_a_returned_value_is_passed_on() -> None:
    """The door's verdict comes back as one value, and no verdict as none."""
    made = manager()

    assert made.call("thing", "admit", {**GIVEN, "event": ASKED}) == (Refusal(sentence="This group is by invitation."),)


def test_what_a_plugin_raises_keeps_no_words() -> None:
    """Only the class of an exception is told: its text may quote a member."""
    with pytest.raises(HookFailed) as caught:
        manager().call("raises", "member_joined", GIVEN)

    assert "LookupError" in str(caught.value)
    assert WORDS not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_plugin_cannot_end_the_daemon() -> None:
    """``SystemExit`` in a hook is a failure of that plugin."""
    with pytest.raises(HookFailed, match="SystemExit"):
        manager().call("leaves", "member_joined", GIVEN)


def test_a_loop_without_an_end_is_ended() -> None:
    """A hook that hangs and catches every exception is stopped soon after its limit."""
    started = time.perf_counter()

    with pytest.raises(HookFailed, match="took too long"):
        manager(limit=0.05).call("hangs", "member_joined", GIVEN)

    assert time.perf_counter() - started < 2


def test_the_thread_is_sound_after_a_hang() -> None:
    """Whatever runs next in the same thread is not hit."""
    made = manager(limit=0.02)
    with pytest.raises(HookFailed):
        made.call("hangs", "member_joined", GIVEN)

    for _ in range(200):
        assert len(made.call("thing", "member_joined", GIVEN)) == 1


def test_work_on_the_edge_of_its_limit_never_hits_what_follows() -> None:
    """Work that ends just when its time is up is either stopped or not, and nothing arrives later."""
    dog, stopped = Watchdog(), 0

    for _ in range(150):
        try:
            dog.run(0.001, lambda: time.sleep(0.001))
        except TooLong:
            stopped += 1
        sum(range(2000))

    assert 0 <= stopped <= 150


def test_a_short_limit_is_kept_after_long_ones() -> None:
    """The thread that looks sleeps until the end of the longest limit; a shorter one wakes it, also when everything before ended early."""
    dog = Watchdog()
    for _ in range(100):
        dog.run(30, lambda: None)

    for _ in range(3):
        started = time.perf_counter()
        with pytest.raises(TooLong):
            dog.run(0.02, _forever)
        assert time.perf_counter() - started < 2
        dog.run(30, lambda: None)


def test_each_thread_has_its_own_limit() -> None:
    """A hang in one thread does not stop another one."""
    dog, done = Watchdog(), []

    def patient() -> None:
        dog.run(5, lambda: time.sleep(0.1))
        done.append("done")

    thread = threading.Thread(target=patient)
    thread.start()
    with pytest.raises(TooLong):
        dog.run(0.02, _forever)
    thread.join()

    assert done == ["done"]


def test_what_a_thread_does_meanwhile_is_not_hit() -> None:
    """While the watched function is switched out (a greenlet that waits for the database), its thread runs other code in peace."""
    greenlet = pytest.importorskip("greenlet")
    dog = Watchdog()

    def hook() -> None:
        greenlet.getcurrent().parent.switch()
        _forever()

    watched = greenlet.greenlet(lambda: dog.run(0.02, hook))

    watched.switch()
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        sum(range(100))

    with pytest.raises(TooLong):
        watched.switch()


def _forever() -> None:
    while True:
        sum(range(100))
