"""Killed at any boundary of three weeks, and started again, the rota is the same: nobody is asked twice, and no duty is lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.crash.test_crash import FULL, Stage, kill_everywhere, play_whole, stages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds for the sample of one database in the ordinary run.
SECONDS = 10.0


@pytest.fixture(params=["sqlite", "postgresql"])
def stages(request: pytest.FixtureRequest) -> Iterator[list[Stage]]:
    """Yield prepared stages on either database, which play at the same time."""
    with stages_of(request, "duties") as made:
        yield made


@pytest.mark.timeout(0 if FULL else 600)
def test_the_rota_is_the_same_after_a_kill_anywhere(stages: list[Stage]) -> None:
    """Proposals, answers, drop-outs and cover: each said once, and the same people hold the same duties."""
    wanted, whole = play_whole(stages[0])
    said = Counter({key: count for key, count in wanted.items() if key[1] != "made"})
    begins = Counter(" ".join(text.split()[:5]) for (_, text), count in said.items() for _ in range(count))
    assert begins["Could you take these duties?"] >= 2
    assert begins["Could you take this duty?"] >= 2
    assert sum(count for begin, count in begins.items() if begin.startswith("It is yours")) >= 1
    questions = {key: count for key, count in said.items() if "Could you take" in key[1]}
    assert max(questions.values()) == 1, said
    assert "'held'" in str(whole["left"]["rows"])

    assert kill_everywhere(stages, wanted, whole, SECONDS, kinds=False) == []
