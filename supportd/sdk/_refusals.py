"""What a server's code for a refusal means, in sentences for people: one set for the engine and the kit."""

from __future__ import annotations

from typing import Final

_SENTENCES: Final = {
    "ORG_SUPPORTD_NO_CHAT": "The bot comes only into chats of two.",
    "ORG_SUPPORTD_OPEN_CHAT": "The bot stays only in chats that are encrypted and that nobody else can enter or read.",
    "ORG_SUPPORTD_OTHER_SERVER": "This account is on another server, which the room keeps out. The person needs an account on this server.",
    "M_INVITE_BLOCKED": "This person takes no invitations at the moment. You can ask them kindly to allow one; there is no hurry.",
    "M_FORBIDDEN": "The homeserver does not allow this. The person who runs the server can look at the rights in the room.",
    "M_NOT_FOUND": "The room, the person or the message is not there any more.",
    "ORG_SUPPORTD_SHUT": "The group is shut at the moment: two key members can open it again.",
    "M_TOO_LARGE": "This is too large for the homeserver. Please send something smaller.",
}
_OTHER: Final = "The homeserver refused this. The person who runs the server can find out why."


def sentence(code: str) -> str:
    """Return what the ``errcode`` of a refusal means for a person."""
    return _SENTENCES.get(code, _OTHER)
