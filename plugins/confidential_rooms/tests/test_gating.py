"""A room in which newcomers write when they have agreed to the ground rules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from supportd_confidential_rooms.stories import circle_group

from supportd.sdk import events as ev
from supportd.sdk.effects import InviteMember, MendRoom, Reply
from supportd.sdk.facts import Consent
from supportd.sdk.ids import EventId
from supportd.sdk.testing import command, person_added, roles_change, rooms_are_mended

if TYPE_CHECKING:
    from supportd.sdk.testing import Scene
    from supportd.sdk.testing._acts import Act
    from supportd.sdk.testing._world import World


def agrees(name: str, *, given: bool = True, kind: str = "ground_rules") -> Act:
    """Let somebody say yes or no to the ground rules, in the plugin that asks them."""

    def act(world: World) -> None:
        person = world.person(name).id
        world.consents.append(Consent(person, kind, "v1", given, "word", world.now))
        event = ev.ConsentGiven(id=EventId("consent:1"), group=world.group, at=world.now, person=person, kind=kind, given=given)
        world.tell(event)

    return act


def gated() -> Scene:
    """Return a group whose circle has a gate, and Karim, who was added afterwards."""
    scene = circle_group().when(rooms_are_mended(), command("rooms gate", by="Jo", room="circle", state="on"), rooms_are_mended())
    return scene.after(timedelta(minutes=1)).when(person_added("Karim"))


def muted(scene: Scene) -> list[str]:
    """Return who may not write in the circle, as the last mending says."""
    mends = [one for one in scene.effects if isinstance(one, MendRoom) and one.room == "!circle"]
    return [scene.group.name_of(person) for person, level in mends[-1].levels if level < 0]


def test_a_newcomer_reads_and_does_not_write() -> None:
    """Who is added after the gate was set has the level -1 before they are invited; nobody else has one for it."""
    scene = gated()

    assert muted(scene) == ["Karim"]
    order = [type(one).__name__ for one in scene.effects if getattr(one, "room", "") == "!circle"]
    assert order.index("MendRoom") < len(order) - 1 - order[::-1].index("InviteMember")
    assert [one.person for one in scene.of(InviteMember)] != []


def test_a_yes_opens_it_and_leaves_no_trace_in_the_room() -> None:
    """After their yes the newcomer has no level of their own any more."""
    scene = gated().when(rooms_are_mended()).when(agrees("Karim"))

    assert muted(scene) == []
    (mend,) = scene.of(MendRoom)
    assert scene.group.people[-1].id not in dict(mend.levels)


@pytest.mark.parametrize(("given", "kind"), [(False, "ground_rules"), (True, "words_by_mail")])
def test_nothing_else_opens_it(given: bool, kind: str) -> None:  # noqa: FBT001 - a row of the table
    """A no, and a yes to something else, change nothing."""
    scene = gated().when(rooms_are_mended()).when(agrees("Karim", given=given, kind=kind))

    assert scene.of(MendRoom) == []
    assert muted(scene) == ["Karim"]


def test_who_was_there_is_not_asked() -> None:
    """Setting the gate shuts nobody up who is in the group; a newcomer who becomes a key member writes."""
    scene = circle_group().when(rooms_are_mended()).when(command("rooms gate", by="Jo", room="circle", state="on"))
    scene.then_replies("Nothing changes for those who are here")
    assert muted(scene) == []

    again = gated().when(rooms_are_mended()).when(roles_change("Karim", "key_member"))
    assert muted(again) == []


def test_a_gate_can_be_taken_away() -> None:
    """Then everybody writes."""
    scene = gated().when(rooms_are_mended()).when(command("rooms gate", by="Sam", room="circle", state="off"))

    scene.then_replies("Everybody in this room may write again")
    assert muted(scene) == []


def test_ten_newcomers_are_ten_entries() -> None:
    """The room's state grows by those who have not agreed, and by nobody else."""
    scene = gated().when(*[person_added(f"N{number}") for number in range(9)]).when(rooms_are_mended())
    assert len(muted(scene)) == 10

    for name in ("Karim", *[f"N{number}" for number in range(9)]):
        scene.when(agrees(name), rooms_are_mended())
    assert muted(scene) == []


@pytest.mark.parametrize(
    ("room", "state", "sentence"),
    [
        ("circle", "maybe", "Write on or off"),
        ("space", "on", "for rooms in which the group talks"),
        ("nowhere", "on", "There is no room"),
        ("circle", "off", "It is so already"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(room: str, state: str, sentence: str) -> None:
    """Another word, another kind of room, a room that is not there: one sentence, and nothing changes."""
    scene = circle_group().when(command("rooms gate", by="Jo", room=room, state=state))

    scene.then_replies(sentence)
    assert scene.of(MendRoom) == []
    assert scene.of(Reply) == []
