"""Texts for people."""

from __future__ import annotations

from typing import Final

from supportd.sdk.text import Catalogue

TEXTS: Final = Catalogue(
    {
        "topic_reader": {
            "en": {"normal": "Only people of the group are here. The helper program can read here, and so can the person who runs it."},
            "de": {"normal": "Hier sind nur Menschen aus der Gruppe. Das Hilfsprogramm kann hier lesen, und wer es betreibt, auch."},
        },
        "invite_blocked": {
            "en": {
                "normal": "Automatic message. {member} does not take invitations at the moment. Could somebody ask them to allow one? No hurry.",
                "easy": "Automatic message. {member} cannot be invited now. Please ask them. No hurry.",
            },
            "de": {
                "normal": "Automatische Nachricht. {member} nimmt gerade keine Einladungen an. Kann jemand nachfragen? Es eilt nicht.",
                "easy": "Automatische Nachricht. {member} kann nicht eingeladen werden. Bitte fragen. Es eilt nicht.",
            },
        },
        "invite_refused": {
            "en": {
                "normal": "Automatic message. {member} could not be invited to the room. The person who runs the server can find out why."
            },
            "de": {"normal": "Automatische Nachricht. {member} konnte nicht eingeladen werden. Wer den Server betreibt, kann nachsehen."},
        },
    }
)
