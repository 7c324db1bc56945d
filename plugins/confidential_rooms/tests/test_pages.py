"""The page for groups says what the plugin does."""

from __future__ import annotations

from pathlib import Path

from supportd_confidential_rooms.listening import FEATURES
from supportd_confidential_rooms.templates import shipped

PAGE = (Path(__file__).resolve().parents[3] / "docs/groups/rooms.md").read_text(encoding="utf-8")
LEVELS = {"reads": "reader", "does not read": "doorkeeper"}


def rows(heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the table under a heading, without its head."""
    lines = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")][2:]


def test_the_table_of_levels_is_the_one_that_the_command_shows() -> None:
    """What works where is told the same on the page and by ``rooms levels``."""
    assert rows("Who hears what") == list(FEATURES)


def test_the_table_of_templates_is_what_is_shipped() -> None:
    """Each template stands on the page, with whom it invites and whether the program reads there."""
    people = {"everybody": "everybody", "key members": "key members"}

    for key, _what, who, listening in rows("What a room is"):
        template = shipped()[key.strip("`")]
        assert LEVELS[listening] == template.listening, key
        assert people.get(who, "asked") == template.people, key
    assert [row[0].strip("`") for row in rows("What a room is")] == list(shipped())


def test_nothing_shipped_lets_strangers_read() -> None:
    """The page says it of all of them."""
    for one in shipped().values():
        # Only a waiting room can be knocked at, and there too nobody reads who was not let in.
        door = "knock" if one.key == "waiting_room" else "invite"
        assert (one.join, one.history, one.guests, one.other_servers, one.public_list) == (door, "joined", False, False, False)
        assert one.encrypted or one.kind == "space"
