"""What this program set is known again, and nothing that somebody else set with an account of ours passes for it."""

from __future__ import annotations

from typing import Any

import pytest

from supportd.matrix.ownhand import OwnHand

CREATE = {"org.supportd.marker": "circle", "org.supportd.sealed": True}
NAME = {"name": "Thursday"}
HAND = OwnHand(b"k" * 32)
KIND = "m.room.name"


def test_what_we_set_is_ours() -> None:
    """Also what a server added something to by itself, what takes something away, and what was sealed twice."""
    sealed = HAND.sealed(CREATE, KIND, "", NAME)
    empty = HAND.sealed(CREATE, "m.space.parent", "!a:x", {})

    assert HAND.is_ours(CREATE, KIND, "", sealed)
    assert HAND.is_ours(CREATE, KIND, "", sealed | {"m.topic": {}, "historical": 100})
    assert HAND.is_ours(CREATE, "m.space.parent", "!a:x", empty)
    assert sealed == HAND.sealed(CREATE, KIND, "", sealed)


@pytest.mark.parametrize(
    ("create", "kind", "key", "changes"),
    [
        (CREATE, KIND, "", {"name": "Cancer group"}),
        (CREATE, KIND, "", {"org.supportd.seal": None}),
        (CREATE, KIND, "", {"org.supportd.seal": "é"}),
        (CREATE, KIND, "", {"more": float("nan"), "org.supportd.seal": "None"}),
        (CREATE, "m.room.topic", "", {}),
        (CREATE, KIND, "other", {}),
        (CREATE | {"org.supportd.marker": "other room"}, KIND, "", {}),
    ],
)
def test_what_others_set_is_not(create: dict[str, Any], kind: str, key: str, changes: dict[str, Any]) -> None:
    """Other words under our seal, no seal, nonsense, or the seal of another event or room."""
    sealed = HAND.sealed(CREATE, KIND, "", NAME)

    assert not HAND.is_ours(create, kind, key, sealed | changes)


def test_another_key_makes_another_seal() -> None:
    """Who does not have this host's key cannot seal."""
    assert not HAND.is_ours(CREATE, KIND, "", OwnHand(b"o" * 32).sealed(CREATE, KIND, "", NAME))


def test_a_room_that_began_without_seals_accuses_nobody() -> None:
    """In rooms of an earlier version nobody can tell, so nothing is held against our account there."""
    assert HAND.is_ours({"org.supportd.marker": "old"}, KIND, "", NAME)
    assert HAND.sealed({}, KIND, "", NAME) == NAME
