"""Settings of three levels."""

from __future__ import annotations

import pytest

from supportd.host.layering import SettingRefused, SettingUnknown, checked, merged
from tests.unit.host.samples import ThingSettings


def test_the_nearer_level_wins() -> None:
    """A room's value stands over the group's, which stands over the deployment's."""
    levels = [{"greeting": '"Hi"', "hours": "8"}, {"greeting": '"Hello you"', "warm": "false"}, {"warm": "true"}]

    assert merged("thing", ThingSettings, levels) == ThingSettings(greeting="Hello you", hours=8, warm=True)


def test_nothing_set_gives_the_defaults() -> None:
    """A group that sets nothing gets the defaults."""
    assert merged("thing", ThingSettings, [{}, {}]) == ThingSettings()


def test_older_values_are_migrated() -> None:
    """What version 1 kept in days is hours now."""
    assert merged("thing", ThingSettings, [{"settings_version": "1", "days": "2"}]) == ThingSettings(hours=48)


def test_a_stale_value_stops_nobody() -> None:
    """A key that is no more and a value that no longer fits are left out; the rest counts."""
    assert merged("thing", ThingSettings, [{"colour": '"red"', "hours": "900", "greeting": '"Hi"'}]) == ThingSettings(greeting="Hi")


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("hours", "6", "6"),
        ("greeting", "Good evening", '"Good evening"'),
        ("warm", "no", "false"),
        ("greeting", '"Grüß dich"', '"Grüß dich"'),
    ],
)
def test_a_value_is_taken_as_a_person_types_it(key: str, typed: str, kept: str) -> None:
    """Words need no quotation marks; numbers and yes or no are understood."""
    assert checked("thing", ThingSettings, key, typed) == kept


def test_a_misspelt_key_gets_a_suggestion() -> None:
    """An unknown key is refused with the nearest one."""
    with pytest.raises(SettingUnknown, match="did you mean greeting"):
        checked("thing", ThingSettings, "greting", "Hi")


def test_a_value_that_does_not_fit_is_refused_with_the_reason() -> None:
    """The sentence names the setting, the value and what would fit."""
    with pytest.raises(SettingRefused, match=r"“hours” of “thing” cannot be 100: .*less than or equal to 72"):
        checked("thing", ThingSettings, "hours", "100")
