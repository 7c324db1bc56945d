"""Reading a problem: whatever is wrong gets one sentence that names the field."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_rota.planner import problem
from supportd_rota.planner.limits import limits, ratio, weight

from tests.support.rota.worked import WORKED


def _changed(path: list[Any], value: Any) -> dict[str, Any]:
    """Return the worked example with one field changed, or left out (``...``)."""
    data = copy.deepcopy(WORKED)
    inside: Any = data
    for step in path[:-1]:
        inside = inside[step]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return data


def test_the_worked_example_has_its_limits_weights_and_carry() -> None:
    """The figures that the format's description gives."""
    found = problem.of(WORKED)

    assert [limits(one) for one in found.members] == [[60, 60], [40, 20], [40, 0]]
    assert [weight(one) for one in found.members] == [4167, 7273, 13333]
    assert [ratio(one, 0) // weight(one) for one in found.members] == [60, 10, 5]


def test_rounding_is_half_to_even_and_floors_hold() -> None:
    """15 x 0.5 x 0.6 is 4.5 and becomes 4, but a part of a week fits half a duty, a whole one a whole duty."""
    found = problem.of({"n": 1, "weeks": 4, "members": [{"id": 0, "cap": 0.5, "carry": 0.25, "weeks": [1, 0.6, 0, 0.5]}], "slots": []})

    assert limits(found.members[0]) == [40, 20, 0, 20]
    assert ratio(found.members[0], 0) == 2 * weight(found.members[0])  # 2.5 tenths are 2


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        (["format"], 2, "format"),
        (["format"], True, "format"),
        (["n"], 0, "n "),
        (["n"], "3", "n "),
        (["n"], 4, "members"),
        (["weeks"], True, "weeks"),
        (["members"], {}, "members"),
        (["members", 1], 7, "members[1]"),
        (["members", 1, "id"], 2, "members[1].id"),
        (["members", 1, "cap"], 0, "members[1].cap"),
        (["members", 1, "cap"], ..., "members[1].cap"),
        (["members", 1, "cap"], 10**400, "members[1].cap"),
        (["members", 1, "carry"], -1, "members[1].carry"),
        (["members", 1, "carry"], False, "members[1].carry"),
        (["members", 2, "weeks"], [1], "members[2].weeks"),
        (["members", 2, "weeks", 1], 1.5, "members[2].weeks[1]"),
        (["slots"], None, "slots"),
        (["slots", 3, "id"], 4, "slots[3].id"),
        (["slots", 3, "w"], 2, "slots[3].w"),
        (["slots", 3, "d"], 7, "slots[3].d"),
        (["slots", 3, "b"], 0.5, "slots[3].b"),
        (["slots", 3, "load"], 0, "slots[3].load"),
        (["slots", 3, "load"], 2.0, "slots[3].load"),
        (["slots", 3, "heavy"], 2, "slots[3].heavy"),
        (["slots", 3, "heavy"], 1.0, "slots[3].heavy"),
        (["slots", 3, "pr"], 0, "slots[3].pr"),
        (["slots", 3, "el"], 1, "slots[3].el"),
        (["slots", 3, "el"], [3], "slots[3].el[0]"),
        (["slots", 3, "el"], [0, True], "slots[3].el[1]"),
    ],
)
def test_a_wrong_field_is_named_in_one_sentence(path: list[Any], value: Any, names: str) -> None:
    """The sentence begins with the field, and says what is asked for."""
    with pytest.raises(problem.BadProblem) as caught:
        problem.of(_changed(path, value))

    said = str(caught.value)
    assert said.startswith(names.strip())
    assert said.count("\n") == 0
    assert said.endswith(".")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"n": NaN}',
        b'{"n": Infinity}',
        b"[" * 100_000,
        b'{"n": 1' + b"0" * 5_000 + b"}",
        b'{"n": 1, "weeks": 1, "members": [], "slots": []',
    ],
)
def test_what_is_no_json_object_gets_one_sentence(raw: bytes) -> None:
    """Also bytes that are no text, numbers that are none, and nests that would break a parser."""
    with pytest.raises(problem.BadProblem) as caught:
        problem.read(raw)

    assert "\n" not in str(caught.value)


def test_fields_that_are_not_known_are_ignored_and_booleans_are_heavy() -> None:
    """``seed``, ``skills`` and others do not steer, and ``heavy`` may be a bool."""
    data = copy.deepcopy(WORKED) | {"seed": 7, "style": "x", "format": 1, "more": [{}]}
    for one in data["slots"]:
        one["heavy"] = bool(one["heavy"])
        one["el"] = [*one["el"][::-1], *one["el"]]

    assert problem.of(data) == problem.of(WORKED)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing else than a problem or one sentence comes of it."""
    changed = copy.deepcopy(WORKED)
    inside: Any = changed
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(inside[key], dict | list) and inside[key] and data.draw(st.booleans()):
            inside = inside[key]
            continue
        inside[key] = data.draw(_JSON)
        break
    try:
        said = f"{len(problem.read(json.dumps(changed)).members)} members"
    except problem.BadProblem as error:
        said = str(error)
    assert said
    assert "\n" not in said
