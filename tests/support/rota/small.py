"""Small and odd problems for property tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.support.rota.plainly import Data


@st.composite
def problems(draw: st.DrawFn, most_members: int = 4, most_slots: int = 9, most_weeks: int = 3) -> Data:
    """Few members and duties on few days, so that every rule binds."""
    count, weeks = draw(st.integers(1, most_members)), draw(st.integers(1, most_weeks))
    members = [
        {
            "id": one,
            "cap": draw(st.sampled_from([0.5, 1, 1.5, 2, 2.5, 4])),
            "carry": draw(st.sampled_from([0, 0.25, 1, 3, 6])),
            "weeks": draw(st.lists(st.sampled_from([1, 1, 0.5, 0]), min_size=weeks, max_size=weeks)),
        }
        for one in range(count)
    ]
    slots = [
        {
            "id": one,
            "w": draw(st.integers(0, weeks - 1)),
            "d": draw(st.integers(0, 6)),
            "b": draw(st.integers(0, 1)),
            "load": draw(st.sampled_from([5, 10, 15, 20, 40])),
            "heavy": draw(st.integers(0, 1)),
            "pr": draw(st.integers(1, 4)),
            "el": draw(st.lists(st.integers(0, count - 1), unique=True)),
        }
        for one in range(draw(st.integers(0, most_slots)))
    ]
    return {"n": count, "weeks": weeks, "members": members, "slots": slots}
