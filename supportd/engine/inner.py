"""Effects of the core itself, and its name where a plugin's name stands."""

from __future__ import annotations

from dataclasses import dataclass

from supportd.sdk.effects import Effect
from supportd.sdk.ids import PersonId, RoomId

#: Stands where a plugin's name would, for what the core does itself.
CORE = "supportd"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDirect(Effect):
    """Make the direct chat between the bot and one person of the group."""

    to: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleKeys(Effect):
    """Trust, or go on distrusting, the new encryption keys of one person; ``master`` stands for which keys these are."""

    person: PersonId
    master: str
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterChat(Effect):
    """Come into the chat ``room`` to which this person invited the bot, or decline where not ``take``."""

    person: PersonId
    room: RoomId
    take: bool
