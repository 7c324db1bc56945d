"""Who changed what is told in plain words, also where nobody can be named or an account of the bot was used for it."""

from __future__ import annotations

from datetime import timedelta

from supportd_confidential_rooms.stories import circle_group, with_room

from supportd.sdk.effects import MendRoom, PostDirect
from supportd.sdk.testing import Scene, command, room_changes, rooms_are_mended

MINUTE = timedelta(minutes=1)
CREATOR = "@creator:test"


def told(scene: Scene) -> dict[str, list[str]]:
    """Return what each person read."""
    found: dict[str, list[str]] = {}
    for one in scene.of(PostDirect):
        found.setdefault(scene.group.name_of(one.to), []).append(one.text)
    return found


def test_each_is_told_with_what_they_changed() -> None:
    """Two people change two things at once: the key members read of each by itself."""
    scene = circle_group().when(room_changes("circle", by="Jo", setting="guests", guests="can_join"))
    scene.when(room_changes("circle", by="Mei", setting="name and topic", name="Other"), rooms_are_mended())

    texts = told(scene)

    assert set(texts) == {"Jo", "Sam", "Mei"}
    assert ["changed by Jo: guests" in text or "changed by Mei: name or topic" in text for text in texts["Sam"]] == [True, True]


def test_of_the_public_list_nobody_is_accused() -> None:
    """The homeserver does not say who put the room there."""
    scene = circle_group().when(room_changes("circle", setting=None, listed=True), rooms_are_mended())

    scene.then_writes_to("Sam", "changed by somebody (the server does not say who): the public list")


def test_an_own_account_in_other_hands_is_told() -> None:
    """Somebody who runs the server used the bot's account: key members read which one, and whom to ask."""
    scene = circle_group().when(room_changes("circle", guests="can_join"), rooms_are_mended(account=CREATOR))

    scene.then_writes_to("Sam", f"with my own account {CREATOR} by somebody else than this program")


def test_what_we_changed_ourselves_is_no_news() -> None:
    """Where the homeserver names nobody else, this program did it: nobody is told."""
    scene = circle_group().when(room_changes("circle", guests="can_join"), rooms_are_mended())

    assert told(scene) == {}


def test_a_lock_says_who_did_it() -> None:
    """What cannot be set back locks the room, and the key members read who had changed it, when the lock holds."""
    scene = circle_group().when(room_changes("circle", by="Jo", setting="guests", guests="can_join"), rooms_are_mended("guests"))
    before = told(scene)
    scene.when(rooms_are_mended("guests"))

    assert before == {}
    scene.then_writes_to("Sam", "I locked the room").then_writes_to("Mei", "It was changed by Jo.")
    assert all(len(texts) == 1 for texts in told(scene).values())


def test_a_room_that_cannot_be_locked_is_told_as_that() -> None:
    """The homeserver refuses the lock too: key members read once that the room is open, it is tried each minute, and told when it holds."""
    scene = circle_group().when(room_changes("circle", by="Jo", setting="power", everybody=50))
    for _ in range(3):
        scene.when(rooms_are_mended("power"), rooms_are_mended("power")).after(MINUTE)

    assert said_of_locks(scene) == ["could not lock"]
    scene.when(rooms_are_mended())
    assert said_of_locks(scene) == ["could not lock", "I locked"]
    scene.after(MINUTE).when(rooms_are_mended()).after(MINUTE).when(rooms_are_mended())
    assert said_of_locks(scene) == ["could not lock", "I locked"]


def test_a_closed_room_stays_closed() -> None:
    """What cannot be set back in a closed room is told, and no unlocking can open it by mistake."""
    scene = with_room(circle_group(), "Tea", "Tom", "Sam")
    scene.when(command("rooms close", by="Jo", room="tea")).after(MINUTE).when(rooms_are_mended())
    scene.when(room_changes("tea", by="Sam", setting="guests", guests="can_join"), rooms_are_mended("guests"))

    assert ["which is closed, I could not set this back" in text for text in told(scene)["Sam"]] == [True]
    scene.when(command("rooms unlock", by="Jo", room="tea")).then_replies("This room is not locked.")


def said_of_locks(scene: Scene) -> list[str]:
    """Return what Sam read about locks in the whole story."""
    texts = [one.text for one in scene.effects if isinstance(one, PostDirect) and scene.group.name_of(one.to) == "Sam"]
    return [part for text in texts for part in ("could not lock", "I locked") if part in text]


def test_unlocking_ends_the_tries_to_lock() -> None:
    """A room that could not be locked and was opened by a person is not locked a minute later."""
    scene = circle_group().when(room_changes("circle", by="Jo", setting="power", everybody=50))
    scene.when(rooms_are_mended("power"), rooms_are_mended("power"))
    scene.when(command("rooms unlock", by="Sam", room="circle"), rooms_are_mended())

    for _ in range(3):
        assert scene.after(MINUTE).of(MendRoom) == []
    assert "person-jo" not in repr(scene.forget("Jo").kept["confidential_rooms_drifts"])


def test_who_changed_something_is_forgotten_with_them() -> None:
    """What was changed stays known, who did it does not."""
    scene = circle_group().when(room_changes("circle", by="Ann", setting="guests", guests="can_join"))
    assert "person-ann" in repr(scene.kept["confidential_rooms_drifts"])

    assert "person-ann" not in repr(scene.forget("Ann").kept["confidential_rooms_drifts"])
