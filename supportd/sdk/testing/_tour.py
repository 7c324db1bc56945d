"""A tour that visits every hook of any plugin, for the conformance suite."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.sdk import effects as fx
from supportd.sdk.facts import Edition
from supportd.sdk.testing import _acts as acts
from supportd.sdk.testing import _kinds as kinds
from supportd.sdk.testing._scene import Scene, a_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.hooks import Plugin
    from supportd.sdk.testing._shelf import Shelf

#: How many rounds of questions and rooms a tour answers before it goes on.
_ROUNDS = 3


def begin(
    plugin: type[Plugin] | Plugin,
    *,
    name: str = "Tuesday group",
    language: str = "en",
    edition: Edition = "normal",
    shelf: Shelf | None = None,
    shadow: bool = False,
) -> Scene:
    """Return a group with a few people, in which nothing has happened."""
    scene = a_group(plugin, name=name, language=language, edition=edition, shelf=shelf, shadow=shadow)
    return scene.with_admins("Sam").with_key_members("Jo").with_people("Ann", "Tom", "Mei").with_non_chat_members("Rose")


def tour(scene: Scene) -> Scene:
    """Let everything happen once that can happen in a group."""
    for step in steps(scene):
        scene.when(step)
        _settle(scene)
    scene.after(timedelta(hours=5))
    _settle(scene)
    scene.when(acts.member_joins("Ali"), acts.member_leaves("Ali"))
    # Long enough for every silence to count.
    scene.after(timedelta(days=40))
    _settle(scene)
    scene.admit(None)
    scene.admit("Karim")
    return scene


def steps(scene: Scene) -> Iterator[acts.Act]:
    """Yield what happens, one act after the other."""
    yield acts.turned_on()
    for name in ("Sam", "Jo", "Ann", "Karim"):
        yield acts.member_joins(name)
    yield acts.person_added("Bo")
    yield acts.effect_fails(fx.InviteMember, "M_INVITE_BLOCKED", "Bo")
    yield acts.says("Karim", "Hello. Does anybody know a good place for tea?")
    yield acts.edits("Karim", "Hello. Does anybody know a quiet place for tea?")
    yield acts.reacts("Ann", "👍")
    yield acts.message_hidden("Karim")
    yield kinds.sends_file("Ann", "garden.jpg", "Our garden", kind="image", media_type="image/jpeg")
    yield kinds.sends_file("Ann", "garden.jpg", kind="image", media_type="image/jpeg")
    yield kinds.starts_poll("Ann", "Tea or coffee?", "Tea", "Coffee")
    yield kinds.votes("Tom", "Tea")
    yield kinds.votes("Tom")
    yield kinds.ends_poll("Ann")
    yield kinds.member_invited("Mei")
    yield kinds.knocks("Mei")
    yield kinds.knocks(None, "A friend told me about you.")
    yield kinds.room_upgraded("Sam")
    for one in scene.commands:
        for by in (None, "Sam"):
            yield acts.command(one.name, by, **{each.name: each.default or "tea" for each in one.parameters})
    yield acts.member_leaves("Karim")
    yield acts.member_joins("Karim")
    yield acts.turned_on()


def _settle(scene: Scene) -> None:
    """Let the homeserver make rooms and people answer, press buttons, until nothing new comes of it."""
    for _ in range(_ROUNDS):
        before = len(scene.effects)
        for key in scene.wanted_rooms:
            scene.when(acts.room_is_ready(key))
        scene.when(kinds.polls_appear())
        for name, key in scene.open_links:
            scene.when(acts.link_used(name, key))
        for turn, (name, words) in enumerate(scene.possible_answers):
            # Every third question is left to silence.
            if turn % _ROUNDS != _ROUNDS - 1:
                scene.when(acts.answers(name, words))
                break
        if len(scene.effects) == before:
            return
