"""A group's own words in the place of ours: looked at before they are used, for all, a room or a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from supportd_welcome.stories import plain, with_karim
from supportd_welcome.texts import TEXTS

from supportd.sdk.effects import Reply
from supportd.sdk.testing import Scene, answers, command, member_joins

if TYPE_CHECKING:
    from supportd.sdk.testing import Act


def write(key: str, text: str, **more: str) -> Act:
    """Let Jo put words in the place of a text."""
    return command("welcome write", by="Jo", key=key, text=text, **more)


def said(scene: Scene) -> str:
    """Return the answer to the last command."""
    return scene.of(Reply)[-1].text


def test_own_words_are_read_at_once_and_used_from_then_on() -> None:
    """The admin reads what a newcomer will read, with the names filled in; the next newcomer reads it."""
    scene = plain().when(write("hello", "Servus {member}, automatic words of {group}."))
    assert "Servus Karim, automatic words of Tuesday group." in said(scene)

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Servus Karim, automatic words of Tuesday group.")


def test_nothing_brings_ours_back() -> None:
    """Empty words are ours again."""
    scene = plain().when(write("hello", "Servus {member}."), write("hello", ""))
    assert "Ours again" in said(scene)

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hello Karim. This is an automatic message")


def test_a_rooms_words_come_before_the_groups() -> None:
    """In one room something else may be said than in the others."""
    scene = plain(room="circle garden").with_room("garden")
    scene.when(write("hello", "Servus {member}."), write("hello", "In the garden, {member}.", room="garden"))

    scene.when(member_joins("Karim", "garden")).then_writes_to("Karim", "In the garden, Karim.")
    scene.when(member_joins("Ali")).then_writes_to("Ali", "Servus Ali.")


def test_a_language_comes_before_all() -> None:
    """Who reads German gets the group's German words, else ours in German, before anything in another language."""
    scene = plain().with_people("Karim", "Ali", language="de-AT").when(write("hello", "Good day {member}."))
    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hallo Karim")

    scene.when(write("hello", "Servus {member}.", language="de"), member_joins("Ali")).then_writes_to("Ali", "Servus Ali.")
    scene.when(member_joins("Bea")).then_writes_to("Bea", "Good day Bea.")


def test_a_group_may_write_consent_in_a_language_that_we_may_not() -> None:
    """Texts about consent are shipped in no unchecked language; the group's own members can put theirs in."""
    scene = with_karim(day_mail=1).with_people("Karim", language="de")
    assert "de" in TEXTS.unchecked
    assert "de" not in TEXTS.texts["ask_mail"]
    scene.when(write("ask_mail", "Dürfen wir deine Worte mailen? ja, ohne Namen oder nein.", language="de"))

    scene = scene.with_people("Mei", language="de").when(member_joins("Mei")).with_direct_chat("Mei")
    scene.at(scene.group.now.replace(day=4)).then_asks("Mei", "Dürfen wir deine Worte mailen?")
    before = len(scene.group.consents)
    scene.when(answers("Mei", "ohne Namen"))

    wordings = {one.wording for one in scene.group.consents[before:]}
    other = with_karim(day_mail=1)
    other.at(other.group.now.replace(day=4)).when(answers("Karim", "no"))
    assert len(wordings) == 1
    assert wordings != {one.wording for one in other.group.consents}


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("hello", "Hello {diagnosis}.", "{diagnosis} is not known in this text"),
        ("hello", "Hello {member", "A brace is left open"),
        ("ask_rules", "Do you agree?", "has to hold {rules}"),
        ("ask_alone", "Could you look?", "has to hold {link}"),
        ("hello", "x" * 1501, "at most 1500 characters"),
        ("hello", "Hello\x07", "no control characters"),
        ("rules_text", "Be kind.", "The ground rules are a setting"),
        ("helo", "Hello.", "There is no text “helo”"),
    ],
)
def test_words_that_cannot_be_used_are_refused_with_a_sentence(key: str, text: str, sentence: str) -> None:
    """One sentence says what to do, and nothing is kept."""
    scene = plain().when(write(key, text))

    assert sentence in said(scene)
    assert scene.kept["welcome_words"] == ()


@pytest.mark.parametrize(
    ("more", "sentence"), [({"language": "German"}, "A language is a tag"), ({"room": "nowhere"}, "no room “nowhere”")]
)
def test_places_that_are_none(more: dict[str, str], sentence: str) -> None:
    """An unknown room, and a language that is no tag."""
    assert sentence in said(plain().when(write("hello", "Hello.", **more)))


def test_long_words_are_kept_with_advice() -> None:
    """It is the group's to decide; the program says what would be easier to read."""
    scene = plain().when(
        write("hello", "Unfortunately we are many and we are very glad to see you here with us today and every other day too!")
    )

    assert "It is kept. Easier to read would be" in said(scene)
    assert "says “unfortunately”" in said(scene)


def test_every_text_can_be_read_as_people_read_it() -> None:
    """The preview fills every brace, in every language, and says of which nobody has checked the language."""
    scene = plain()
    for key in TEXTS.texts:
        for language in ("en", "de"):
            scene.when(command("welcome text", by="Sam", key=key, language=language))
            text = said(scene)
            assert "{" not in text, key
            marked = "not yet checked by a native speaker" in text
            assert marked == (language in TEXTS.unchecked and language in TEXTS.texts[key]) or key == "rules_text"


def test_the_list_says_which_are_ones_own() -> None:
    """One line for each text: languages, unchecked ones, own words."""
    scene = plain().with_room("garden").when(write("hello", "Hello.", language="pa", room="garden"), command("welcome texts", by="Sam"))

    (line,) = [one for one in said(scene).splitlines() if one.startswith("hello:")]
    assert "en" in line
    assert "de (not yet checked by a native speaker)" in line
    assert line.endswith("your own: pa in garden")


def test_names_in_braces_are_only_names() -> None:
    """A name that looks like a brace opens none."""
    scene = plain().with_people("{group}").when(write("hello", "Hello {member}."), member_joins("{group}"))

    scene.then_writes_to("{group}", "Hello {group}.")


def test_who_was_invited_for_something_reads_words_of_their_own() -> None:
    """A group greets those from its leaflet otherwise than the others; the room's words and the group's come after."""
    scene = plain().when(write("hello", "Hello {member}."), write("hello", "Thank you for our leaflet, {member}.", room="invited:leaflet"))
    assert "Thank you for our leaflet, Karim." in said(scene)
    scene.with_people("Karim", occasion="leaflet").with_people("Ali", occasion="meeting")

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Thank you for our leaflet, Karim.")
    scene.when(member_joins("Ali")).then_writes_to("Ali", "Hello Ali.")
    assert "one word" in said(scene.when(write("hello", "Hello.", room="invited:Our Leaflet")))
