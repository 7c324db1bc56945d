"""The conformance suite finds what it promises to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.sdk.testing.conformance import CHECKS, check_plugin, run
from tests.unit.sdk import samples

if TYPE_CHECKING:
    from supportd.sdk.hooks import Plugin


def test_a_sound_plugin_passes() -> None:
    """A small plugin without a fault has no problems."""
    assert check_plugin(samples.Sample) == []


@pytest.mark.parametrize(
    ("plugin", "check", "said"),
    [
        (samples.Remembers, "groups do not hear of each other", "beside another group"),
        (samples.ByChance, "the same events give the same effects", "the second time"),
        (samples.Shouts, "texts keep the rules of tone", "“invalid”"),
        (samples.Shouts, "texts keep the rules of tone", "missing in de"),
        (samples.Shouts, "what is written keeps the rules of tone", "exclamation mark"),
        (samples.Shouts, "what is written keeps the rules of tone", "brace"),
        (samples.Bare, "the class says what the plugin is", "summary"),
        (samples.Bare, "commands have help", "“tea” needs help"),
        (samples.Bare, "commands have help", "Two commands"),
        (samples.Bare, "grants are used", "EndDuty is never used"),
        (samples.BareSet, "settings describe themselves", "“colour” needs a description"),
        (samples.BareSet, "settings describe themselves", "“colour” needs a default"),
        (samples.BareSet, "settings describe themselves", "“size” needs a description"),
        (samples.Ungranted, "shadow mode changes nothing outside", "no grant for PostMessage"),
        (samples.Confuses, "answers mean one thing", "“Later” means later everywhere"),
        (samples.Confuses, "answers mean one thing", "“ok” means two answers"),
        (samples.Hoards, "the class says what the plugin is", "say in keeps"),
        (samples.Hoards, "the class says what the plugin is", "no migrations"),
        (samples.Hoards, "what is kept can be read", "Sam stands in sample_pairs.other"),
        (samples.Hoards, "what is kept can be read", "names other people"),
        (samples.Hoards, "what is kept can be forgotten", "Sam still stands in sample_pairs.other"),
    ],
)
def test_a_fault_is_found(plugin: type[Plugin], check: str, said: str) -> None:
    """Each broken rule gives a sentence that says where."""
    found = run(check, plugin)

    assert any(said in problem for problem in found), found


def test_every_check_has_a_name_that_reads_well() -> None:
    """Names are what an author sees in their test report."""
    assert len(CHECKS) == 12
    assert all(name.islower() for name in CHECKS)
