# ruff: noqa: INP001, S101 - tests of an example, which pytest finds by itself
"""What tea_time does, as stories."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_tea_time import TeaTime

from supportd.sdk.testing import a_group, conformance, turned_on


def test_the_circle_hears_once_a_day() -> None:
    """At 4 pm by the group's clock there is one message, tomorrow the next."""
    story = a_group(TeaTime).with_people("Ann", "Tom").with_room("circle", "Ann", "Tom").when(turned_on())

    story.after(timedelta(hours=21)).then_nothing()
    story.after(timedelta(hours=1)).then_posts("It is tea time")
    story.after(timedelta(days=1)).then_posts("It is tea time")


def test_where_the_bot_does_not_speak_it_is_silent() -> None:
    """In a room at doorkeeper level nothing is posted."""
    story = a_group(TeaTime).with_people("Ann").with_room("circle", "Ann", listening="doorkeeper").when(turned_on())

    assert "PostMessage" not in [type(one).__name__ for one in story.after(timedelta(days=2)).effects]


@pytest.mark.parametrize("check", conformance.CHECKS)
def test_it_conforms(check: str) -> None:
    """The conformance suite finds nothing."""
    assert conformance.run(check, TeaTime) == []
