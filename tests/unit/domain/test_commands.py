"""Reading a command from words: the same in a terminal and in a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportd.domain import commands
from supportd.sdk.commands import Command, Parameter
from supportd.sdk.facts import Person, Role
from supportd.sdk.ids import PersonId

if TYPE_CHECKING:
    from supportd.sdk.commands import Who

CREATE = Command(
    name="rooms create",
    help="Make a room.",
    parameters=(Parameter(name="key", help="K"), Parameter(name="template", help="T", default="plain")),
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plugins list", ("plugins", "list")),
        ("  plugins \n list ", ("plugins", "list")),
        ('people add "Cy Doe"', ("people", "add", "Cy Doe")),
        ("people add 'Cy Doe'", ("people", "add", "Cy Doe")),
        ("people add Jürgen", ("people", "add", "Jürgen")),
        ('set greeting "Good day', ("set", "greeting", '"Good', "day")),
        ("I don't know", ("I", "don't", "know")),
        ('set greeting ""', ("set", "greeting", "")),
        ("set colour #fff", ("set", "colour", "#fff")),
        ("", ()),
    ],
)
def test_words_are_split_as_in_a_shell(text: str, words: tuple[str, ...]) -> None:
    """Quotation marks keep words together; one that is missing is forgiven, an apostrophe is no harm."""
    assert commands.split(text) == words


@given(st.text(max_size=50))
def test_any_text_can_be_split(text: str) -> None:
    """No message makes the reading of commands fail."""
    assert all(isinstance(word, str) for word in commands.split(text))


def test_missing_words_get_their_default() -> None:
    """What may be left out gets its default; what is given goes before."""
    assert commands.arguments(CREATE, ["tea"]) == {"key": "tea", "template": "plain"}
    assert commands.arguments(CREATE, ("tea", "quiet")) == {"key": "tea", "template": "quiet"}
    assert commands.arguments(Command(name="x", help=""), []) == {}


@pytest.mark.parametrize("words", [[], ["a", "b", "c"]])
def test_too_few_and_too_many_words_are_answered_with_the_usage(words: list[str]) -> None:
    """The sentence shows how to write it, with what may be left out in brackets."""
    with pytest.raises(commands.CommandUnclear) as found:
        commands.arguments(CREATE, words)

    assert found.value.sentence() == "I did not understand that. Write: rooms create KEY [TEMPLATE]."


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (None, {"anyone", "key_member", "admin"}),
        ("admin", {"anyone", "key_member", "admin"}),
        ("key_member", {"anyone", "key_member"}),
        ("owner", {"anyone"}),
        ("member", {"anyone"}),
    ],
)
@pytest.mark.parametrize("who", ["anyone", "key_member", "admin"])
def test_who_may_give_a_command(role: Role | None, allowed: set[str], who: Who) -> None:
    """The operator and admins may give every command, key members theirs, everybody those for anyone."""
    person = None if role is None else Person(id=PersonId("p"), name="P", roles=frozenset({role}))

    assert commands.may_give(person, Command(name="x", help="", who=who)) == (who in allowed)
