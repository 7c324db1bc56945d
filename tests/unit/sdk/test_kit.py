"""The kit keeps the rules of asks, timers, links and rooms."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from supportd.sdk.effects import Effect, LetGo, PostDirect
from supportd.sdk.findings import Refusal
from supportd.sdk.hooks import Plugin
from supportd.sdk.testing import (
    Asked,
    Scene,
    Shelf,
    a_group,
    answers,
    command,
    edits,
    link_used,
    member_joins,
    message_hidden,
    reacts,
    room_is_ready,
    says,
    turned_on,
)
from tests.unit.sdk.samples import Busy, Hoards, Sample, Ungranted

if TYPE_CHECKING:
    from supportd.sdk.events import MessagePosted


def group() -> Scene:
    """Return a group for the busy plugin."""
    return a_group(Busy).with_key_members("Sam", "Jo").with_non_chat_members("Rose")


def test_a_step_that_is_missing_says_what_is_there() -> None:
    """A wrong expectation lists what followed, with its words."""
    scene = a_group(Sample).when(member_joins("Karim"))

    with pytest.raises(AssertionError, match="Hello Karim"):
        scene.then_posts("Good evening")


def test_what_was_taken_is_gone() -> None:
    """Each thing is taken once, so that then_nothing means nothing else."""
    scene = a_group(Sample).when(member_joins("Karim"))

    with pytest.raises(AssertionError, match="nothing else was to follow"):
        scene.then_nothing()
    scene.then_posts("Hello Karim").then_nothing()


class Pushes(Plugin):
    """Takes people out of rooms without asking them."""

    name = "pushes"
    grants = frozenset({LetGo})

    def message_posted(self, event: MessagePosted) -> tuple[Effect, ...]:
        """Say that they wished it."""
        return (LetGo(room=event.room, person=event.author),)


def test_a_wish_that_nobody_had_is_refused() -> None:
    """As the engine does, the kit lets nobody be taken out of a room without their own proven yes."""
    scene = a_group(Pushes).with_people("Tom")

    with pytest.raises(AssertionError, match="needs the person's own yes"):
        scene.when(says("Tom", "Hello"))


def test_timers_fire_at_their_time_and_once() -> None:
    """A timer of a week fires in the eighth day's step and never again; who has no account is not written to."""
    scene = group().when(turned_on())

    scene.after(timedelta(days=6)).then_nothing()
    scene.after(timedelta(days=1)).then_writes_to("Sam", "Hello").then_writes_to("Jo")
    assert scene.of(PostDirect) == []
    scene.after(timedelta(days=30)).then_nothing()


def test_a_link_works_once_for_one_person_until_its_end() -> None:
    """Somebody else's, a used and an old link are refused."""
    scene = group().when(turned_on()).after(timedelta(days=7))

    with pytest.raises(AssertionError, match="no link"):
        scene.when(link_used("Jo", "letter"))
    scene.when(link_used("Sam", "letter")).then_writes_to("Sam", "Thank you").then_nothing()
    with pytest.raises(AssertionError, match="no link"):
        scene.when(link_used("Sam", "letter"))


def test_a_quorum_needs_distinct_people() -> None:
    """Two key members have to agree; one who says yes twice is one."""
    scene = group().when(command("tea", by="Sam")).then_replies("You said tea").then_asks("Sam").then_asks("Jo")

    scene.when(answers("Sam", "yes"), answers("Sam", "Yes.")).then_nothing()
    scene.when(answers("Jo", "yes")).then_writes_to("Sam", "Sam and Jo").then_nothing()


def test_an_open_ask_is_not_put_again() -> None:
    """Asking with an open key does nothing; after its end it can be asked anew."""
    scene = group().when(command("tea"))

    assert scene.when(command("tea")).of(Asked) == []
    assert len(scene.after(timedelta(hours=3)).when(command("tea")).of(Asked)) == 2


def test_a_later_step_asks_those_who_were_not_asked() -> None:
    """Nobody is asked the same thing twice, and nobody without an account."""
    scene = group().with_people("Tom").when(command("tea")).then_asks("Sam").then_asks("Jo")

    scene.after(timedelta(hours=2)).then_asks("Tom").then_nothing()


def test_findings_reach_the_hook() -> None:
    """The plugin's own assessment comes with the message."""
    group().when(says("Sam", "Who wants tea?")).then_posts("Found tea")


def test_a_plugin_that_does_not_listen_hears_nothing() -> None:
    """Events without a hook pass by."""
    a_group(Sample).with_people("Tom").when(
        says("Tom", "Hm"), edits("Tom", "Hmm"), reacts("Tom", "👍"), message_hidden("Tom")
    ).then_nothing()


def test_the_door_has_a_verdict() -> None:
    """Strangers get the sentence, people of the group none."""
    scene = group()

    assert scene.admit(None) == Refusal(sentence="By invitation only.")
    assert scene.admit("Sam") is None


def test_shadow_mode_notes_and_does_nothing() -> None:
    """The plugin decides as always; no timer runs and no room is made."""
    scene = a_group(Busy, shadow=True).with_key_members("Sam").when(turned_on()).then_creates_room("garden")

    assert scene.wanted_rooms == ()
    scene.after(timedelta(days=30)).then_nothing()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (says("Nobody", "Hello"), "Nobody is called Nobody"),
        (says("Sam", "Hello", "attic"), "no room “attic”"),
        (room_is_ready("garden"), "not asked for"),
        (answers("Sam", "yes"), "Nothing is asked of Sam"),
        (command("coffee"), "declares no command “coffee”"),
        (reacts("Sam", "👍"), "Nobody has said anything"),
    ],
)
def test_a_story_that_cannot_be_is_refused(act, said: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - the acts above
    """The author reads what is missing."""
    with pytest.raises(AssertionError, match=said):
        group().when(act)


def test_what_has_no_grant_is_refused() -> None:
    """A forgotten grant shows in the first test."""
    with pytest.raises(AssertionError, match="no grant for PostMessage: name it in grants"):
        a_group(Ungranted).when(member_joins("Karim"))


def test_time_goes_forward_only() -> None:
    """A story cannot go back."""
    with pytest.raises(AssertionError, match="forward only"):
        group().after(timedelta(days=-1))


def test_two_groups_can_share_tables() -> None:
    """Rows of two groups lie in the same tables and stay apart."""
    shelf = Shelf("sample", Hoards.tables)
    first, second = (a_group(Hoards, name=name, shelf=shelf).with_key_members("Sam") for name in ("One", "Two"))

    first.when(member_joins("Karim"))

    assert len(first.kept["sample_pairs"]) == 1
    assert second.kept == {"sample_pairs": ()}
