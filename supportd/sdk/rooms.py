"""What a room is to be, as data that a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["space", "room", "direct"]
Listening = Literal["absent", "doorkeeper", "reader"]


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """The settings of a room that supportd makes; every default is the confidential one.

    Sources: Matrix specification v1.18, room creation and room versions; MSC4289 for creators.
    """

    name: str
    topic: str = ""
    kind: Kind = "room"
    listening: Listening = "reader"
    encrypted: bool = True
    #: ``m.room.history_visibility``: who joins late reads nothing earlier.
    history: Literal["joined", "invited", "shared"] = "joined"
    join_rule: Literal["invite", "knock", "restricted"] = "invite"
    guests: Literal["forbidden", "can_join"] = "forbidden"
    federate: bool = False
    listed: bool = False
    #: Messages and milliseconds after which the room key is changed (``m.room.encryption``).
    rotation_messages: int = 50
    rotation_ms: int = 24 * 3600 * 1000
    room_version: str = "12"
