"""Killed at any boundary of somebody's first weeks, and started again, the welcome is the same: nothing lost, nothing said twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.crash.test_crash import FULL, Stage, kill_everywhere, play_whole, stages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds for the sample of one database in the ordinary run.
SECONDS = 15.0
#: How many messages each room gets in thirty days, and how those to Bo begin, in the order in which he reads them.
MESSAGES = {"direct @ann:test": 2, "direct @bo:test": 14, "direct @cy:test": 8, "direct @ed:test": 7, "main": 1}
TO_BO = (
    *("Hello Bo.", "May I tell", "Automatic message. These are our ground rules.", "Thank you. That is kept with today's date."),
    *("Automatic message. What shall we call you", "You are Bobby here now.", "Automatic message. How do you want"),
    *("Thank you. You get one message a day", "Automatic message. May your words be emailed", "Thank you. What you write may be emailed"),
    *(
        "Automatic message. Would you like a buddy",
        "Thank you. Ed will look",
        "Automatic message. How is it here",
        "Thank you for saying so.",
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def stages(request: pytest.FixtureRequest) -> Iterator[list[Stage]]:
    """Yield prepared stages on either database, which play at the same time."""
    with stages_of(request, "weeks") as made:
        yield made


@pytest.mark.timeout(0 if FULL else 600)
def test_the_first_weeks_are_the_same_after_a_kill_anywhere(stages: list[Stage]) -> None:
    """Every step of the path, every answer, and the words that waited: each said once, whenever the daemon is killed."""
    wanted, whole = play_whole(stages[0])
    said = Counter({key: count for key, count in wanted.items() if key[1] != "made"})
    assert {room: sum(count for (where, _), count in said.items() if where == room) for room, _ in said} == MESSAGES
    assert max(said.values()) == 1
    assert [sum(text.startswith(begin) for room, text in said if room == "direct @bo:test") for begin in TO_BO] == [1] * len(TO_BO)
    assert "'state', 'done'" in str(whole["left"]["rows"])

    # Each kind of boundary is killed in the evening; here it is each message that counts.
    assert kill_everywhere(stages, wanted, whole, SECONDS, kinds=False) == []
