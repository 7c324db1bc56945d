"""Showing the evening while it happens: scenes as they end, words as members' own clients decrypt them, then a table."""

from __future__ import annotations

import re
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from supportd.demo.result import Scene
from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.status import Status

    from supportd.demo.result import Result

#: Colours that can be told apart in a dark and in a light terminal, one for each person.
COLOURS = {"Jo": "magenta", "Sam": "blue", "Tom": "green", "Mei": "yellow", "Karim": "cyan", "You": "red"}
_LONGEST = 84


class Show:
    """Prints to a terminal, or plain lines to anything else."""

    def __init__(self, result: Result, console: Console | None = None) -> None:
        """Collect scenes in ``result``."""
        self.result = result
        self.console = console or Console(highlight=False)
        self._status: Status | None = None

    @contextmanager
    def scene(self, name: str) -> Iterator[list[str]]:
        """Run one scene; what is appended to the list becomes its line. A scene that breaks ends the evening."""
        started = perf_counter()
        detail: list[str] = []
        self._status = self.console.status(f"[bold]{name}[/bold]")
        try:
            with self._status:
                yield detail
        except (TimeoutError, SupportdError, RuntimeError, OSError) as error:
            self._ended(Scene(name, ok=False, seconds=perf_counter() - started, detail=_reason(error)))
            raise SceneBroke(scene=name) from error
        finally:
            self._status = None
        self._ended(Scene(name, ok=True, seconds=round(perf_counter() - started, 2), detail=" ".join(detail)))

    def _ended(self, scene: Scene) -> None:
        self.result.scenes.append(scene)
        mark = ("✓ ", "bold green") if scene.ok else ("✗ ", "bold red")
        self.console.print(Text.assemble(mark, (scene.name, "bold"), (f"  {scene.seconds:.1f} s  {scene.detail}", "dim")))

    def heard(self, who: str, sender: str, text: str) -> None:
        """Print what somebody's own client decrypted."""
        first = " ".join(text.split())
        shown = first if len(first) <= _LONGEST else first[: _LONGEST - 1] + "…"
        self.console.print(Text.assemble("    ", (who, COLOURS.get(who, "white")), (" reads ", "dim"), (f"{sender}: ", "bold"), shown))

    def note(self, text: str) -> None:
        """Print a remark about what is being done to the daemon."""
        self.console.print(Text("    " + text, "bold red"))

    def table(self, seen: dict[str, tuple[int, int, int]]) -> None:
        """Print the table: person -> (messages of people, messages of the helper, unreadable)."""
        table = Table(title="What each person's own client shows", title_justify="left", show_edge=False)
        for column in ("person", "from people", "from the helper", "unreadable"):
            table.add_column(column, justify="left" if column == "person" else "right")
        for who, (people, helper, unreadable) in seen.items():
            table.add_row(_name(who), str(people), str(helper), str(unreadable))
        times = Table(title="How long each step took", title_justify="left", show_edge=False)
        times.add_column("step")
        times.add_column("seconds", justify="right")
        for scene in self.result.scenes:
            times.add_row(scene.name, f"{scene.seconds:.1f}")
        self.console.print()
        self.console.print(table)
        self.console.print()
        self.console.print(times)
        self._verdict()

    def _verdict(self) -> None:
        lost, doubled = self.result.count.lost, self.result.count.doubled
        for sentence in (*lost, *doubled):
            self.console.print(Text("  " + sentence, "red"))
        style = "bold green" if self.result.ok else "bold red"
        self.console.print()
        self.console.print(Text(f"lost: {len(lost)}   doubled: {len(doubled)}", style))

    def picture(self, path: Path) -> None:
        """Save what was shown as SVG, without the web fonts that would be fetched from elsewhere."""
        svg = self.console.export_svg(title="supportd demo")
        svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
        path.write_text(svg.replace("<svg ", '<svg xml:space="preserve" ', 1), encoding="utf-8")

    def invitation(self, address: str, username: str, password: str) -> None:
        """Print where a visitor can sign in."""
        text = (
            f"The group is still here. Sign in with any Matrix client of yours:\n\n"
            f"  homeserver  {address}\n  name        {username}\n  password    {password}\n\n"
            "Your first sign-in makes your keys; then accept the invitations. You read from that moment on.\n"
            "Press Ctrl-C to end everything."
        )
        self.console.print(Panel(text, title="Your turn", expand=False))


class SceneBroke(SupportdError):
    """The evening ended in the scene “{scene}”: see its line above."""


def _name(who: str) -> Text:
    return Text(who, COLOURS.get(who, "white"))


def _reason(error: BaseException) -> str:
    return str(error) or ("it took too long" if isinstance(error, TimeoutError) else type(error).__name__)
