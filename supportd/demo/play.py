"""``supportd demo``: set the stage, play the evening, show the table, stay or go."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Final

from rich.console import Console

from supportd.cli.version import versions
from supportd.demo.evening import Evening
from supportd.demo.result import Result
from supportd.demo.show import SceneBroke, Show
from supportd.demo.stage import Stage

if TYPE_CHECKING:
    from pathlib import Path


#: Characters in a line of a picture.
PICTURE_WIDTH: Final = 116


async def play(*, once: bool, keep: Path | None, port: int, json_file: Path | None, picture: Path | None = None) -> int:
    """Play the evening; returns 0 when everything went well and nothing was lost or doubled, else 1.

    Ctrl-C and SIGTERM end it at any moment and leave no process behind.
    """
    main = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: main.cancel() if main else None)
    result = Result({**versions()})
    show = Show(result, Console(highlight=False, record=picture is not None, width=PICTURE_WIDTH if picture else None))
    try:
        async with Stage(show, keep, port) as stage:
            evening = Evening(stage, show)
            with contextlib.suppress(SceneBroke):
                await evening.play()
            evening.table()
            if json_file is not None:
                result.write(json_file)
            if picture is not None:
                show.picture(picture)
            if not once and result.ok:
                await evening.visitor()
                await asyncio.Event().wait()
    except asyncio.CancelledError:
        show.console.print("Ended; everything is cleared away." if keep is None else f"Ended; everything is in {keep}.")
        return 0 if result.ok else 130
    return 0 if result.ok else 1
