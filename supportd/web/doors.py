"""What the web side needs of the daemon, as calls handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.findings import Refusal
    from supportd.sdk.ids import RoomId, UserId


@dataclass(frozen=True, slots=True)
class OpenLink:
    """What the page of a single-purpose link shows: the group's name, what the button says, and the language."""

    group: str
    button: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What the page of an invitation shows: the group's name, its language, and the server on which an account has to be."""

    group: str
    server: str
    language: str = "en"
    #: Whether the homeserver lets an account be made here.
    makes_accounts: bool = False


class Doors(Protocol):
    """The daemon as the web side sees it."""

    @property
    def antispam_token(self) -> str:
        """The bearer token the homeserver must show at its door."""

    async def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether all is well, and figures and states without ids."""

    async def metrics(self) -> bytes:
        """Return the figures in the Prometheus text format."""

    async def look_up(self, token: str) -> OpenLink | None:
        """Return what a link is for; ``None`` for one that is unknown, used or expired."""

    async def use(self, token: str) -> bool:
        """Use a link once; False when it cannot be used any more."""

    async def look_up_invitation(self, token: str) -> OpenInvitation | None:
        """Return what an invitation is; ``None`` for one that is unknown, used, expired or taken back."""

    async def accept(self, token: str, user: str, name: str) -> str | None:
        """Enter ``user``, called ``name`` if that is given; ``None`` when done, else a sentence, and the invitation still works."""

    async def make_account(self, token: str, username: str, password: str, name: str) -> str | None:
        """Make an account on the homeserver and enter it; as :meth:`accept`."""

    async def admit(self, room: RoomId, user: UserId, door: Literal["join", "invite"]) -> Refusal | None:
        """Ask whether somebody may come in; ``None``: yes."""

    async def admit_message(self, room: RoomId, user: UserId, text: str) -> Refusal | None:
        """Ask whether somebody may say this in a room that is not encrypted; ``None``: yes."""
