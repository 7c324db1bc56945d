"""A key member asks for a room in plain words; the bot asks back and guesses nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from supportd_confidential_rooms.plain import understood
from supportd_confidential_rooms.stories import circle_group

from supportd.sdk.effects import CreateRoom, PostDirect
from supportd.sdk.facts import Room
from supportd.sdk.ids import RoomId
from supportd.sdk.testing import Asked, Scene, answers, roles_change, says

if TYPE_CHECKING:
    from supportd.sdk.testing import Act
    from supportd.sdk.testing._world import World

WISH = "Make a room for Tuesday's meeting with Ann and Tom."


def direct(name: str) -> Act:
    """Let somebody have a direct chat with the bot."""

    def act(world: World) -> None:
        person = world.person(name).id
        key = f"direct:{name}"
        world.rooms[key] = Room(id=RoomId(f"!{key}"), key=key, kind="direct", direct_with=person, joined=frozenset({person}))

    return act


def said(text: str, name: str = "Sam", *, proven: bool = True) -> Scene:
    """Return a group in which somebody has said something to the bot."""
    return circle_group().when(direct(name)).when(says(name, text, f"direct:{name}", proven=proven))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (WISH, ("meeting", "Tuesday's meeting", ("Ann", "Tom"))),
        ("make a room for Tuesday\N{RIGHT SINGLE QUOTATION MARK}s meeting", ("meeting", "Tuesday's meeting", ())),
        ("Could you please make us a new quiet room called Garden with Ann, Tom & Mei?", ("quiet", "Garden", ("Ann", "Tom", "Mei"))),
        ("open a small circle named “Early birds” with Tom", ("small_circle", "Early birds", ("Tom",))),
        ("make a room for tea with cake with Ann", ("small_circle", "tea with cake", ("Ann",))),
        ("Bitte mach uns einen Raum für das Treffen am Dienstag mit Ann und Tom", ("meeting", "das Treffen am Dienstag", ("Ann", "Tom"))),
        ("Kannst du einen ruhigen Raum namens Garten mit Tom", None),
        ("Erstelle einen ruhigen Raum namens Garten mit Tom", ("quiet", "Garten", ("Tom",))),
        ("We should make a room for Ann", None),
        ("make a room", None),
        ("make a cake for Ann", None),
        ("I made a room for Ann", None),
        ("", None),
    ],
)
def test_what_is_understood(text: str, meant: tuple[str, str, tuple[str, ...]] | None) -> None:
    """A small set of whole sentences in two languages, and nothing that only sounds like one."""
    assert understood(text) == meant


def test_the_bot_asks_back() -> None:
    """The question says the name, the people, and who can read the name; nothing is made before the yes."""
    scene = said(WISH)

    scene.then_asks("Sam", "“Tuesday's meeting” for: Ann, Tom", "The homeserver can read the name").then_nothing()


def test_a_yes_makes_the_room_as_the_command_does() -> None:
    """Only who was named and the two who hold it are invited, to a room for one meeting."""
    scene = said(WISH).when(answers("Sam", "yes"))

    made = scene.of(CreateRoom)[0]
    assert (made.key, made.spec.name) == ("tuesday-s-meeting", "Tuesday's meeting")
    assert {scene.group.name_of(one) for one in made.members} == {"Ann", "Tom", "Jo", "Sam"}
    scene.then_writes_to("Sam", "The room tuesday-s-meeting is being made")


def test_without_names_a_meeting_is_for_everybody() -> None:
    """Everybody who is in chat is invited, and the question says so."""
    scene = said("make a room for Tuesday's meeting")
    scene.then_asks("Sam", "for: everybody")

    assert len(scene.when(answers("Sam", "yes")).of(CreateRoom)[0].members) == 5


@pytest.mark.parametrize("silent", [True, False])
def test_without_a_yes_no_room(silent: bool) -> None:  # noqa: FBT001 - a row of the table
    """A no is answered, silence is not; nothing of the wish is kept, nor a kind of room made for it."""
    scene = said(WISH)

    _ = scene.after(timedelta(days=2)) if silent else scene.when(answers("Sam", "no")).then_writes_to("Sam", "I make none")

    scene.then_nothing()
    assert {len(scene.kept[f"confidential_rooms_{table}"]) for table in ("plans", "voices", "templates")} == {0}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("make a room for tea with Eve", "nobody called “Eve”"),
        ("make a room for tea with cake", "nobody called “cake”"),
        ("make a room for tea", "Say whom the room is for"),
        ("make a room for circle with Ann", "There is a room “circle” already"),
        (f"make a room for {'t' * 200} with Ann", "at most 100 characters"),
    ],
)
def test_what_cannot_be_made_is_said(text: str, told: str) -> None:
    """One sentence, and nothing is kept or asked."""
    scene = said(text)

    scene.then_writes_to("Sam", told).then_nothing()
    assert scene.kept["confidential_rooms_plans"] == ()


def test_only_the_last_wish_counts() -> None:
    """Who says it again in other words gets one room."""
    first, second = (says("Sam", f"make a room for {what}", "direct:Sam") for what in ("tea with Ann", "cake with Tom"))
    scene = circle_group().when(direct("Sam")).when(first, second)
    assert ["“cake” for: Tom" in one.question for one in scene.of(Asked)] == [False, True]

    scene.when(answers("Sam", "yes"))

    assert [one.key for one in scene.of(CreateRoom)] == ["cake"]
    assert scene.open_asks == ()


def test_who_may_say_it_and_where() -> None:
    """Only a key member's proven words in their own direct chat; in a room it is talk among people."""
    said(WISH, "Tom").then_nothing()
    said(WISH, proven=False).then_nothing()
    circle_group().when(says("Sam", WISH)).then_nothing()


def test_the_name_the_homeserver_reads_is_nobodys_guess() -> None:
    """In a German group the question is German."""
    scene = circle_group(language="de").when(direct("Sam")).when(says("Sam", "mach einen Raum für Tee mit Ann", "direct:Sam"))

    scene.then_asks("Sam", "Soll ich den Raum „Tee“ machen, für: Ann").then_nothing()
    assert scene.of(PostDirect) == []


def test_who_lost_the_role_before_the_yes_makes_no_room() -> None:
    """The wish was a key member's, the yes is a member's."""
    assert said(WISH).when(roles_change("Sam"), answers("Sam", "yes")).of(CreateRoom) == []
