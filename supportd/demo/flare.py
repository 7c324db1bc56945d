"""A flare on Tuesday: somebody cannot do their duty, and others are asked at once; nobody asks why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supportd.demo.show import Show
    from supportd.demo.stage import Stage

#: Who shares the work that evening.
HELPERS: Final = ("Jo", "Sam")
_OFFER, _COVER, _YOURS, _HAS = (
    "Could you take these duties",
    "Could you take this duty",
    "It is yours, thank you",
    "Thank you, they are yours",
)


class Flare:
    """The scenes of the rota."""

    def __init__(self, stage: Stage, show: Show, circle: str) -> None:
        """Play on ``stage``; what the bot writes to somebody outside of the ``circle``, it writes to them alone."""
        self._stage, self._show, self._circle = stage, show, circle

    async def play(self) -> None:
        """Let two people share a duty, and one of them fall ill."""
        stage = self._stage
        with self._show.scene("Two key members say what they can give") as detail:
            await stage.command("plugins", "on", "rota")
            await stage.command("rota", "duty", "listen", "tue", "19:00", "21:00", "2")
            for name in HELPERS:
                await stage.people[name].accept_all()
                await stage.until(lambda name=name: bool(self._chat(name)))
                await stage.people[name].say(self._chat(name), "rota give 4 listen")
                await stage.until(lambda name=name: bool(self._heard(name, "spoons in a usual week")))
            detail.append("In spoons, in their own words.")
        with self._show.scene("Tuesday's duty is proposed") as detail:
            await stage.command("rota", "propose")
            await stage.until(lambda: any(self._heard(name, _OFFER) for name in HELPERS))
            first = next(name for name in HELPERS if self._heard(name, _OFFER))
            room, event = self._heard(first, _OFFER)[0]
            await stage.people[first].react(room, event, "👍")
            await stage.until(lambda: bool(self._heard(first, _HAS)))
            detail.append(f"{first} takes it with one tap. A no would need no reason.")
        await self._drop_out(first, next(name for name in HELPERS if name != first))

    async def _drop_out(self, ill: str, other: str) -> None:
        stage, loop = self._stage, asyncio.get_running_loop()
        before = len(self._heard(other, _COVER))
        with self._show.scene(f"A flare: {ill} cannot") as detail:
            started = loop.time()
            await stage.people[ill].say(self._chat(ill), "cover me")
            await stage.until(lambda: len(self._heard(other, _COVER)) > before)
            seconds = loop.time() - started
            room, event = self._heard(other, _COVER)[-1]
            await stage.people[other].react(room, event, "👍")
            await stage.until(lambda: bool(self._heard(other, _YOURS)))
            detail.append(f"{other} was asked after {seconds:.1f} s and takes it. Nobody is told why.")

    def _chat(self, name: str) -> str:
        return next((seen.room for seen in self._stage.alone(name, self._circle)), "")

    def _heard(self, name: str, words: str) -> list[tuple[str, str]]:
        return [(seen.room, seen.event) for seen in self._stage.alone(name, self._circle) if words in seen.text]
