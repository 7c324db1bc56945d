"""The kit and the real engine take a word for the same question."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest

from supportd.sdk import effects as fx
from supportd.sdk.ask import Ask, Step
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.testing._world import START
from tests.contract.sides import KitSide, Side, engine_side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from supportd.sdk import events as ev
    from supportd.sdk.facts import Group


class Doubting(Plugin):
    """Asks two things; only its first question has a second step."""

    name: ClassVar[str] = "doubting"
    summary: ClassVar[str] = "Asks two things."
    grants: ClassVar[frozenset[type[fx.Effect]]] = frozenset({fx.PostDirect, Ask})

    @hookimpl
    def member_joined(self, event: ev.MemberJoined, group: Group) -> Iterator[fx.Effect]:
        """Ask the key members."""
        jo, sam = (one.id for one in group.key_members)
        early, late = event.at + timedelta(hours=1), event.at + timedelta(hours=9)
        yield Ask(key="first", question="First?", steps=(Step(to=(jo,), until=early), Step(to=(sam,), until=late)))
        yield Ask(key="second", question="Second?", steps=(Step(to=(sam,), until=late),))

    @hookimpl
    def ask_answered(self, event: ev.AskAnswered) -> Iterator[fx.Effect]:
        """Say which."""
        yield fx.PostDirect(to=event.by[0], text=f"{event.key}: {event.answer}")


@pytest.mark.asyncio
async def test_both_take_a_word_for_the_question_that_arrived_last(tmp_path: Path) -> None:
    """What the second step of an older question brings is newer to whom it reaches than what was asked of them before."""
    kit = KitSide(Doubting, circle=True)
    real = await engine_side(tmp_path, Doubting, START, circle=True)
    heard = [("Sam", "first: yes"), ("Sam", "second: no")]

    sides: tuple[Side, ...] = (kit, real)
    for side in sides:
        await side.joins("Karim")
        await side.passes(2)
        await side.answers("Sam", "yes")
        await side.answers("Sam", "no")
    await real.look()
    await real.world.store.close()  # type: ignore[attr-defined]  # the store of this test

    assert kit.yielded() == real.yielded()
    assert kit.read() == real.read()
    assert [one for one in kit.read() if ":" in one[1]] == heard
