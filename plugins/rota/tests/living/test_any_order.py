"""Whatever people do, in whatever order: one holder at most, who wanted it, and the group's facts say the same as the rota."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_rota.facts import ALSO
from supportd_rota.stories import thursday

from supportd.sdk.testing import Asked, answers, command

if TYPE_CHECKING:
    from supportd.sdk.testing import Scene

NAMES = ("Sam", "Mei", "Ali")
_WHO = st.sampled_from(NAMES)
_ACTS = st.one_of(
    st.tuples(st.just("answer"), _WHO, st.sampled_from(["yes", "no"])),
    st.tuples(st.just("cover me"), _WHO, st.sampled_from(["", "welcome", "listen"])),
    st.tuples(st.just("rota take"), _WHO, st.sampled_from(["", "welcome", "listen"])),
    st.tuples(st.sampled_from(["low week", "week off", "usual week"]), _WHO, st.sampled_from(["this", "next"])),
    st.tuples(st.just("rota undo"), _WHO, st.just("")),
    st.tuples(st.just("rota propose"), st.just("Jo"), st.just("")),
    st.tuples(st.just("wait"), st.just(""), st.sampled_from(["3", "30", "100"])),
)


def _act(scene: Scene, kind: str, name: str, what: str) -> bool:
    """Let something happen; False if it could not."""
    if kind == "answer":
        # Only who is asked something can answer; everybody else's word would be a word and nothing more.
        if all(one != name for one, _ in scene.possible_answers):
            return False
        scene.when(answers(name, what))
    elif kind == "wait":
        scene.after(timedelta(hours=int(what)))
    elif kind.endswith("week"):
        scene.when(command(kind, by=name, week=what))
    elif kind in {"cover me", "rota take"}:
        scene.when(command(kind, by=name, kind=what))
    else:
        scene.when(command(kind, by=name))
    return True


def _holds(scene: Scene, asked: set[tuple[Any, str]]) -> None:
    """Check what has to be true after every act."""
    rows = scene.kept["rota_slots"]
    ahead: list[Any] = [row for row in rows if row["state"] == "held"]
    assert all((row["holder"] is None) == (row["state"] == "open") for row in rows)
    # The group's facts say who is on, and so they say the same.
    known = sorted((one.kind, one.person, one.start, one.end) for one in scene.group.duties)
    assert known == sorted(
        (kind, row["holder"], row["starts"], row["ends"]) for row in ahead for kind in (row["kind"], *ALSO.get(row["kind"], ()))
    )
    # A question about a duty is open only while the duty is.
    still: set[Any] = {row["key"] for row in rows if row["state"] == "open"}
    assert {one.removeprefix("cover:") for one in scene.open_asks if one.startswith("cover:")} <= still
    for one in scene.of(Asked):
        if one.key.startswith("cover:"):
            assert (one.person, one.key) not in asked
            asked.add((one.person, one.key))


@settings(max_examples=60, deadline=None)
@given(st.lists(_ACTS, min_size=1, max_size=25))
def test_one_holder_and_the_facts_agree_after_anything(acts: list[tuple[str, str, str]]) -> None:
    """Nobody is asked twice about one duty either."""
    scene = thursday().when(command("rota propose", by="Jo"))
    asked: set[tuple[Any, str]] = set()
    for act in acts:
        if _act(scene, *act):
            _holds(scene, asked)
