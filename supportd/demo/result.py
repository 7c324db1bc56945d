"""What an evening came to: scenes, and what was lost or doubled, counted from the members' own timelines."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene as it went; ``detail`` is one line for a person."""

    name: str
    ok: bool
    seconds: float
    detail: str


@dataclass(frozen=True, slots=True)
class Expected:
    """Words that ``reader`` must have seen exactly once in ``room``; ``text`` may be only the beginning."""

    reader: str
    room: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of somebody's own timeline; ``text`` is ``None`` when it could not be read."""

    reader: str
    room: str
    sender: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """What was missing and what came twice, a sentence for each."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]


@dataclass(slots=True)
class Result:
    """Everything that ``--json`` writes."""

    versions: Mapping[str, str]
    scenes: list[Scene] = field(default_factory=list)
    count: Count = Count((), ())

    @property
    def ok(self) -> bool:
        """Whether every scene went well and nothing was lost or doubled."""
        return bool(self.scenes) and all(scene.ok for scene in self.scenes) and not self.count.lost and not self.count.doubled

    def write(self, path: Path) -> None:
        """Write the result as JSON."""
        body = {
            "scenes": [asdict(scene) for scene in self.scenes],
            "lost": len(self.count.lost),
            "doubled": len(self.count.doubled),
            "versions": dict(self.versions),
        }
        path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def count(expected: Iterable[Expected], lines: Iterable[Line], bot: str) -> Count:
    """Compare what had to be seen with what was seen.

    Lost: expected words that a timeline does not have, and anything in it that could not be read. Doubled: expected words that stand there
    more than once, and anything the bot said twice to the same person in the same room.
    """
    seen = list(lines)
    lost = [f"{line.reader} could not read a message" for line in seen if line.text is None]
    doubled: list[str] = []
    for one in expected:
        times = sum(1 for line in seen if line.reader == one.reader and line.room == one.room and (line.text or "").startswith(one.text))
        if times == 0:
            lost.append(f"{one.reader} did not see “{one.text}”")
        if times > 1:
            doubled.append(f"{one.reader} saw “{one.text}” {times} times")
    said = Counter((line.reader, line.room, line.text) for line in seen if line.sender == bot and line.text is not None)
    doubled += [f"{reader} was told “{str(text)[:40]}” {times} times" for (reader, _room, text), times in said.items() if times > 1]
    return Count(tuple(dict.fromkeys(lost)), tuple(dict.fromkeys(doubled)))
