"""Carrying out what comes through the control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.daemon.control import Answer
from supportd.daemon.health import power_problems, reading_problems
from supportd.engine.retry import settled
from supportd.engine.words.route import give

if TYPE_CHECKING:
    from supportd.daemon.compose import Parts
    from supportd.daemon.control import Request
    from supportd.engine.unit import UnitOfWork
    from supportd.engine.words.desk import Said


async def carry_out(parts: Parts, request: Request) -> Answer:
    """Carry out a command and return what it said; what it leads to leaves at once."""
    if request.words == ("health",):
        return await _health(parts)
    now = parts.clock.now()

    def work(uow: UnitOfWork) -> Said:
        return give(uow, parts.engine.dispatcher, group=request.group, words=request.words, id_=request.id, now=now)

    said = await settled(parts.store, work)
    if said.scrub:
        # A forgotten person's rows leave the files at once, not when the space is needed.
        await parts.store.scrub()
    parts.engine.pump.wake()
    parts.engine.timers_changed.set()
    return Answer(said.text, said.data, said.status)


async def _health(parts: Parts) -> Answer:
    now, rooms = parts.clock.now(), parts.matrix.reading()

    def work(uow: UnitOfWork) -> tuple[list[str], list[dict[str, object]]]:
        problems, figures = reading_problems(uow, rooms, now)
        return [*power_problems(uow, now), *problems], figures

    problems, figures = await parts.store.read(work)
    return Answer("\n".join(problems) or "All is well.", {"problems": problems, "rooms": figures, **parts.matrix.health()})
