"""A plugin that keeps failing is given more time after each failure, and then waits for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from supportd.domain.quarantine import Verdict, after_failure


@pytest.mark.parametrize(("failures", "wait"), [(1, timedelta(seconds=30)), (2, timedelta(minutes=5)), (3, timedelta(minutes=30))])
def test_the_first_failures_are_tried_again_later(failures: int, wait: timedelta) -> None:
    """Each of the first three failures is followed by another try, each time after a longer wait."""
    assert after_failure(failures) == Verdict("retrying", wait)


@pytest.mark.parametrize("failures", [4, 5, 1000])
def test_after_the_last_a_person_has_to_look(failures: int) -> None:
    """The fourth failure in a row, and any after it, stops the plugin in the group without an end by itself."""
    assert after_failure(failures) == Verdict("failed", None)
