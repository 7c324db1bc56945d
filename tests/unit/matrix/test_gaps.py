"""The walk through a gap against a server that is only written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix import gaps
from supportd.matrix.gaps import Gaps, gap_of
from supportd.matrix.http import Api

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = gap_of("!r", "end", "old")


class Pages(Api):
    """A fake server with pages: where one begins -> its events and where the next begins."""

    def __init__(self, pages: dict[str, tuple[list[str], str | None]]) -> None:
        """Answer with ``pages``."""
        super().__init__("http://127.0.0.1:1")
        self.pages = pages
        self.asked: list[dict[str, str]] = []

    async def get(self, where: str, query: dict[str, str] | None = None, **_more: Any) -> dict[str, Any]:
        """Answer."""
        self.asked.append(query or {})
        names, end = self.pages[(query or {})["from"]]
        return {"chunk": [{"event_id": name} for name in names], **({"end": end} if end else {})}


class Inbox:
    """A fake inbox that keeps what it is given."""

    def __init__(self, waiting: tuple[wire.GapMark, ...] = ()) -> None:
        """Start with ``waiting`` gaps."""
        self.waiting = waiting
        self.batches: list[wire.SyncBatch] = []

    async def gaps(self) -> tuple[wire.GapMark, ...]:
        """Return open gaps."""
        return self.waiting

    async def accept(self, batch: wire.SyncBatch) -> None:
        """Keep a batch."""
        self.batches.append(batch)

    @property
    def marks(self) -> list[wire.Mark]:
        """Everything that was marked."""
        return [mark for batch in self.batches for mark in batch.marks]


def walker(api: Api, inbox: Inbox, ticks: Sequence[float] = ()) -> tuple[Gaps, list[str]]:
    """Return what walks, and the names that it reads; ``ticks``: what its clock shows at each look, 0 afterwards."""
    read: list[str] = []
    clock = iter(ticks)

    async def page(_room: str, events: Sequence[dict[str, Any]]) -> tuple[tuple[wire.Incoming, ...], tuple[wire.Mark, ...]]:
        read.extend(event["event_id"] for event in events)
        return (), ()

    return Gaps(api, inbox, page, lambda: next(clock, 0.0)), read  # type: ignore[arg-type] # the fake inbox is no whole one


@pytest.mark.asyncio
async def test_an_empty_page_is_not_the_end() -> None:
    """A page whose events we may not see is empty; what lies behind it is read."""
    inbox = Inbox()
    gaps_, read = walker(Pages({"old": (["a"], "p1"), "p1": ([], "p2"), "p2": (["b"], None)}), inbox)

    left = await gaps_.fill(GAP)

    assert read == ["a", "b"]
    assert left == ()
    assert inbox.marks == []


@pytest.mark.asyncio
async def test_the_same_place_again_is_the_end() -> None:
    """A server that leads in a circle ends the walk."""
    gaps_, read = walker(Pages({"old": (["a"], "old")}), Inbox())

    await gaps_.fill(GAP)

    assert read == ["a"]


@pytest.mark.asyncio
async def test_a_slow_walk_is_told_once() -> None:
    """When catching up takes longer than half a minute the people who run the group are told, once."""
    inbox = Inbox()
    pages: dict[str, tuple[list[str], str | None]] = {"old": (["a"], "1"), "1": (["b"], "2"), "2": (["c"], None)}
    gaps_, _read = walker(Pages(pages), inbox, [0.0, gaps.SLOW - 1, gaps.SLOW + 1, gaps.SLOW + 2])

    await gaps_.fill(GAP)

    assert [wire.SlowMark(GAP.id, GAP.room)] == inbox.marks


@pytest.mark.asyncio
async def test_a_walk_without_end_is_ended_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """More pages than are ever walked: the rest is marked as lost, and the gap is closed."""
    monkeypatch.setattr(gaps, "MOST_PAGES", 3)
    inbox = Inbox()
    gaps_, read = walker(Pages({"old": (["0"], "1"), **{str(n): ([str(n)], str(n + 1)) for n in range(1, 9)}}), inbox)

    left = await gaps_.fill(GAP)

    assert read == ["0", "1", "2"]
    assert left == ()
    assert [(mark.closed, mark.lost) for mark in inbox.marks if isinstance(mark, wire.GapMark)] == [(True, True)]


@pytest.mark.asyncio
async def test_a_walk_that_had_to_wait_keeps_its_place() -> None:
    """Beside the sync each page moves the mark in its own commit, and the last one closes it."""
    inbox = Inbox((GAP,))
    gaps_, read = walker(Pages({"old": (["a"], "1"), "1": (["b"], None)}), inbox)

    await gaps_.go_on()

    assert read == ["a", "b"]
    assert [(mark.start, mark.closed) for mark in inbox.marks if isinstance(mark, wire.GapMark)] == [("1", False), ("1", True)]
