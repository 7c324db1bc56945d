"""Duties are proposed, taken, given back and covered; nobody is ordered, and nobody is blamed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from supportd_rota import Rota
from supportd_rota.stories import thursday

from supportd.sdk.effects import EndDuty, PostDirect, PostMessage, SetDuty
from supportd.sdk.testing import Asked, Told, a_group, answers, command, conformance, roles_change, turned_on

if TYPE_CHECKING:
    from supportd.sdk.testing import Scene

DAY = timedelta(days=1)


def _proposed(**settings: object) -> Scene:
    return thursday(**settings).when(command("rota propose", by="Jo"))


def _holders(scene: Scene, state: str = "held") -> list[tuple[str, str]]:
    """Return (kind, name) of duties in a state, the earliest first."""
    rows = sorted((row for row in scene.kept["rota_slots"] if row["state"] == state), key=lambda row: str(row["starts"]))
    names = {one.id: one.name for one in scene.group.people}
    return [(str(row["kind"]), names.get(row["holder"], "")) for row in rows]  # type: ignore[call-overload]  # ids


def test_everybody_reads_what_is_proposed_to_them_once() -> None:
    """Two weeks with two duties each are put to those who give most; each of them is asked one question."""
    scene = _proposed()

    asked = scene.of(Asked)
    assert len({one.person for one in asked}) == len(asked) >= 2
    assert sum(one.question.count("\n- ") for one in asked) == 4
    assert len(_holders(scene, "proposed")) == 4
    assert scene.of(SetDuty) == []


def test_nobody_is_on_duty_without_a_yes() -> None:
    """A yes takes everything that was proposed, and puts them on duty."""
    scene = _proposed()
    mine = [kind for kind, name in _holders(scene, "proposed") if name == "Sam"]
    scene.when(answers("Sam", "yes"))

    assert mine
    scene.then_writes_to("Sam", "they are yours", "cover me")
    assert [kind for kind, name in _holders(scene) if name == "Sam"] == mine
    assert [one.kind for one in scene.of(SetDuty) if one.kind != "talk"] == mine


def test_a_no_gives_back_and_others_are_asked() -> None:
    """It costs one tap, and two others are asked at once; whoever said no is not asked again for that."""
    scene = _proposed().when(answers("Sam", "no"))

    asked = [one for one in scene.of(Asked) if one.key.startswith("cover:")]
    sam = scene.group.called("Sam")
    assert sam is not None
    assert asked
    assert sam.id not in {one.person for one in asked}
    assert [name for _, name in _holders(scene, "proposed") if name == "Sam"] == []
    scene.then_writes_to("Sam", "That is fine")


def test_silence_gives_back_too() -> None:
    """After two days nobody waits any longer."""
    scene = _proposed().after(3 * DAY)

    assert _holders(scene, "proposed") == []
    assert [one for one in scene.of(Asked) if one.key.startswith("cover:")]


def test_a_drop_out_is_covered_by_the_first_yes_and_the_other_is_told_kindly() -> None:
    """“cover me” ends the duty, two are asked at once, the first yes has it."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    others = [one for one in ("Sam", "Mei", "Ali") if one != name]

    scene.when(command("cover me", by=name))
    scene.then_replies("That is fine", "rota undo")
    assert len(scene.of(EndDuty)) == 1
    assert len([one for one in scene.of(Asked) if one.key.startswith("cover:")]) == 2

    scene.when(answers(others[1], "yes"))
    scene.then_writes_to(others[1], "It is yours")
    assert [one.text for one in scene.of(Told)] == ["Somebody has taken this already. Thank you for offering."]
    assert len(scene.of(SetDuty)) == 1
    assert _holders(scene)[0][1] == others[1]


def _all_taken() -> Scene:
    """Return the group in which everybody took what was proposed to them."""
    scene = _proposed()
    for name in dict.fromkeys(name for _, name in _holders(scene, "proposed")):
        scene.when(answers(name, "yes"))
    return scene


def test_the_ladder_ends_honestly() -> None:
    """Two at once, then all key members, then the admin reads that nobody could; it stays open, and nobody is asked twice."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    scene.when(command("cover me", by=name))
    asked = [(one.person, one.key) for one in scene.of(Asked)]
    told = []
    for _ in range(8):
        scene.after(timedelta(hours=12))
        asked += [(one.person, one.key) for one in scene.of(Asked)]
        told += [one for one in scene.of(PostDirect) if "Nobody could take" in one.text]

    assert len(asked) == len(set(asked))
    assert len(told) == 1
    assert ("welcome", "") in _holders(scene, "open")


def test_what_was_given_back_can_be_taken_back_as_long_as_nobody_has_it() -> None:
    """Undo restores the holder and the duty, and the question to others is over."""
    scene = _all_taken()
    before = _holders(scene)
    name = before[0][1]
    scene.when(command("cover me", by=name)).when(command("rota undo", by=name))
    scene.then_replies("Taken back: 1")

    assert _holders(scene) == before
    assert len(scene.of(SetDuty)) == 1
    assert [one for one in scene.open_asks if one.startswith("cover:")] == []
    scene.when(command("rota undo", by=name)).then_replies("Taken back: 0")


def test_undo_leaves_with_others_what_others_have() -> None:
    """Who took it keeps it."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    other = next(one for one in ("Sam", "Mei", "Ali") if one != name)
    scene.when(command("cover me", by=name)).when(answers(other, "yes")).when(command("rota undo", by=name))

    scene.then_replies("Taken back: 0")
    assert _holders(scene)[0][1] == other


def test_a_week_off_gives_back_that_week_and_asks_for_nothing_in_it() -> None:
    """What was held in that week is covered by others; afterwards nothing has to be caught up on."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    scene.when(command("week off", by=name, week="next")).then_replies("nothing to catch up on")

    assert name not in [who for _, who in _holders(scene)[:2]]
    assert [one for one in scene.of(Asked) if one.key.startswith("cover:")]
    asked = [one for one in scene.after(DAY).of(Asked) if scene.group.name_of(one.person) == name and one.key.startswith("cover:")]
    assert asked == []


def test_a_usual_week_keeps_everything() -> None:
    """Nothing is given back, and nobody is asked."""
    scene = _all_taken()
    before = _holders(scene)
    name = before[0][1]
    scene.when(command("usual week", by=name, week="next")).then_replies("A usual week")

    assert _holders(scene) == before
    scene.then_asks_nobody()


def test_my_duties_are_for_me_and_why_me_is_two_sentences() -> None:
    """The share of what somebody offered is told to them alone."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    scene.when(command("my duties", by=name)).then_replies("% of what you offered", "Only you can see this")
    scene.when(command("why me", by=name)).then_replies(" % of what you offered.")


def test_who_is_on_names_duties_and_people() -> None:
    """In the next seven days; an open one is nobody's yet."""
    scene = _all_taken()
    scene.when(command("who is on", by="Tom")).then_replies("welcome, ")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "two words", "days": "mon"}, "one word of letters"),
        ({"kind": "listen", "days": "someday"}, "Name days as mon"),
        ({"kind": "listen", "days": "mon", "from": "25:00"}, "Write times as 19:00"),
        ({"kind": "listen", "days": "mon", "spoons": "0"}, "0.1 to 10 spoons"),
        ({"kind": "listen", "days": "mon", "spoons": "much"}, "0.1 to 10 spoons"),
        ({"kind": "listen", "days": "mon", "heavy": "very"}, "only the word heavy"),
    ],
)
def test_a_duty_that_cannot_be_read_gets_one_sentence_and_changes_nothing(given: dict[str, str], says: str) -> None:
    """Each says what to write instead."""
    scene = thursday()
    before = scene.kept["rota_duties"]
    scene.when(command("rota duty", by="Jo", **{"from": "10:00", "to": "12:00", "spoons": "1", "heavy": "", **given})).then_replies(says)

    assert scene.kept["rota_duties"] == before


@pytest.mark.parametrize("spoons", ["-1", "21", "1.55", "two", ""])
def test_an_offer_that_cannot_be_read_gets_one_sentence_and_changes_nothing(spoons: str) -> None:
    """A number of spoons is asked for."""
    scene = thursday()
    before = scene.kept["rota_givers"]
    scene.when(command("rota give", by="Sam", spoons=spoons, kinds="all")).then_replies("number of spoons")

    assert scene.kept["rota_givers"] == before


def test_who_need_not_be_asked_has_it_at_once_and_reads_it() -> None:
    """Only for the kinds they named; everything else is still put to them, and they can give it back as anything."""
    scene = thursday()
    for name in ("Sam", "Mei", "Ali"):
        scene.when(command("rota without asking", by=name, kinds="listen")).then_replies("not asked about: listen")
    scene.when(command("rota propose", by="Jo"))

    held = [kind for kind, _ in _holders(scene)]
    assert held
    assert set(held) == {"listen"}
    assert {kind for kind, _ in _holders(scene, "proposed")} == {"welcome"}
    assert len([one for one in scene.of(PostDirect) if "You need not be asked" in one.text]) == len({name for _, name in _holders(scene)})
    assert len([one for one in scene.of(SetDuty) if one.kind == "listen"]) == len(held)

    name = _holders(scene)[0][1]
    scene.when(command("rota ask me", by=name)).then_replies("asked about everything again")
    scene.when(command("rota without asking", by=name, kinds="cooking")).then_replies("You do not do duties of the kind cooking")


def test_on_mondays_the_week_is_written_where_the_group_wants_it() -> None:
    """Once, with names, in a room where the program reads; nowhere by default."""
    scene = _all_taken()
    assert [one for _ in range(9) for one in scene.after(DAY).of(PostMessage)] == []

    wanted = thursday(note_room="helpers").with_room("helpers", "Jo", "Sam", "Mei", "Ali").when(command("rota propose", by="Jo"))
    for name in dict.fromkeys(name for _, name in _holders(wanted, "proposed")):
        wanted.when(answers(name, "yes"))
    notes = [one.text for _ in range(9) for one in wanted.after(DAY).of(PostMessage)]
    assert len(notes) == 1
    assert all(f": {name}" in notes[0] for _, name in _holders(wanted)[:2])


def test_somebody_can_speak_for_another_who_reads_it() -> None:
    """Who cannot write has others say it; they are told who did, and can say otherwise. A wrong name changes nothing."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    scene.when(command("cover me", by="Jo", **{"for": name}))
    scene.then_writes_to(name, "Jo said for you: cover me").then_replies("That is fine")
    assert len(scene.of(EndDuty)) >= 1

    before = scene.kept
    scene.when(command("week off", by="Jo", **{"for": "Nobody"})).then_replies("There is nobody called “Nobody”").then_nothing()
    assert scene.kept == before


def test_duties_are_proposed_every_week_by_themselves() -> None:
    """On the day and at the hour of the settings, by the group's clock, and again a week later, never the same duty twice."""
    scene = thursday().after(8 * DAY)
    first = len(scene.kept["rota_slots"])
    scene.after(7 * DAY)
    keys = [row["key"] for row in scene.kept["rota_slots"]]

    assert first >= 4
    assert len(keys) == len(set(keys)) > first


def test_forgetting_somebody_leaves_their_duties_open_and_no_trace() -> None:
    """What they held can be covered; nothing about them is kept."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    who = scene.group.called(name)
    assert who is not None
    assert scene.export(name)
    scene.forget(name)

    assert who.id not in str(scene.kept)
    assert "open" in {row["state"] for row in scene.kept["rota_slots"]}


def test_what_a_forgotten_person_held_is_covered_the_next_day() -> None:
    """Nobody was told that it is open; the daily look finds it, as soon as it is near."""
    scene = _all_taken()
    scene.forget(_holders(scene)[0][1])
    asked: list[Asked] = []
    for _ in range(14):
        asked += [one for one in scene.after(DAY).of(Asked) if one.key.startswith("cover:")]

    assert asked
    assert len({(one.person, one.key) for one in asked}) == len(asked)


def test_what_nobody_can_take_is_asked_about_when_it_is_near_and_a_little_a_day() -> None:
    """Nobody gives anything: two weeks of duties bring at most three questions a day, about the next eight days only."""
    scene = a_group(Rota).with_admins("Jo").with_key_members("Sam").with_direct_chat("Jo", "Sam").when(turned_on())
    scene.when(command("rota duty", by="Jo", kind="welcome", days="every", spoons="1", **{"from": "10:00", "to": "12:00"}))
    scene.when(command("rota give", by="Sam", spoons="0", kinds="all"))
    scene.when(command("rota propose", by="Jo")).then_asks_nobody()

    for _ in range(14):
        scene.after(DAY)
        asked = [one for one in scene.of(Asked) if one.key.startswith("cover:")]
        assert len({one.key for one in asked}) <= 3
        starts = {row["key"]: row["starts"] for row in scene.kept["rota_slots"]}
        assert all(starts[one.key.removeprefix("cover:")] < scene.group.now + 8 * DAY for one in asked)  # type: ignore[operator]  # instants


def test_who_helps_no_more_is_asked_for_nothing_and_their_duties_are_covered() -> None:
    """Losing the role gives everything back."""
    scene = _all_taken()
    name = _holders(scene)[0][1]
    scene.when(roles_change(name))

    assert name not in [who for _, who in _holders(scene)]
    assert [one for one in scene.of(Asked) if one.key.startswith("cover:")]
    assert len(scene.of(EndDuty)) >= 1
    scene.when(command("rota propose", by="Jo")).after(14 * DAY)
    assert name not in [who for _, who in [*_holders(scene), *_holders(scene, "proposed")]]


@pytest.mark.parametrize("check", conformance.CHECKS)
def test_what_every_plugin_promises(check: str) -> None:
    """The conformance suite finds nothing."""
    assert conformance.run(check, Rota) == []
