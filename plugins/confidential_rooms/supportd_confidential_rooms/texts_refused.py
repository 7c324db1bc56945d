"""What people read when the homeserver refused something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.facts import Edition

REFUSED: Final[Mapping[str, Mapping[str, Mapping[Edition, str]]]] = {
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
        "en": {"normal": "Automatic message. {member} could not be invited to the room. The person who runs the server can find out why."},
        "de": {"normal": "Automatische Nachricht. {member} konnte nicht eingeladen werden. Wer den Server betreibt, kann nachsehen."},
    },
    "invite_other_server": {
        "en": {
            "normal": "Automatic message. {member} cannot be invited: that account is on another server, and our rooms keep other servers out."
            " Please help them to an account on this server.",
            "easy": "Automatic message. {member} cannot be invited. They need an account on our server. Please help them to get one.",
        },
        "de": {
            "normal": "Automatische Nachricht. {member} kann nicht eingeladen werden: Das Konto liegt auf einem anderen Server,"
            " und unsere Räume lassen andere Server nicht herein. Bitte helft zu einem Konto auf diesem Server.",
            "easy": "Automatische Nachricht. {member} kann nicht eingeladen werden. Nötig ist ein Konto auf unserem Server. Bitte helft dabei.",
        },
    },
    "invite_blocked_to": {
        "en": {
            "normal": "Automatic message. {member} does not take invitations at the moment, so they are not in the room {room}."
            " Could somebody ask them to allow one? Then say: rooms invite {room} {member}. No hurry.",
            "easy": "Automatic message. {member} cannot be invited now. Please ask them. Then say: rooms invite {room} {member}. No hurry.",
        },
        "de": {
            "normal": "Automatische Nachricht. {member} nimmt gerade keine Einladungen an und ist deshalb nicht im Raum {room}."
            " Kann jemand nachfragen? Dann sag: rooms invite {room} {member}. Es eilt nicht.",
            "easy": "Automatische Nachricht. {member} kann nicht eingeladen werden. Bitte fragen."
            " Dann sag: rooms invite {room} {member}. Es eilt nicht.",
        },
    },
    "invite_other_server_to": {
        "en": {
            "normal": "Automatic message. {member} cannot be invited to the room {room}: that account is on another server,"
            " and our rooms keep other servers out. Please help them to an account on this server and enter that one.",
            "easy": "Automatic message. {member} cannot be invited. They need an account on our server. Please help them to get one.",
        },
        "de": {
            "normal": "Automatische Nachricht. {member} kann nicht in den Raum {room} eingeladen werden: Das Konto liegt auf einem"
            " anderen Server, und unsere Räume lassen andere Server nicht herein. Bitte hilf zu einem Konto auf diesem Server und"
            " trage es ein.",
            "easy": "Automatische Nachricht. {member} kann nicht eingeladen werden. Nötig ist ein Konto auf unserem Server. Bitte hilf dabei.",
        },
    },
    "invite_refused_to": {
        "en": {
            "normal": "Automatic message. {member} could not be invited to the room {room}. The person who runs the server can find out why."
            " Then say: rooms invite {room} {member}."
        },
        "de": {
            "normal": "Automatische Nachricht. {member} konnte nicht in den Raum {room} eingeladen werden."
            " Wer den Server betreibt, kann nachsehen. Dann sag: rooms invite {room} {member}."
        },
    },
    "drift_unlocked": {
        "en": {
            "normal": "Automatic message. In the room {room} I could not set this back: {what}. I could not lock the room either, so people"
            " can still write there. Please write nothing there that others must not read, and talk with the person who runs the server."
            " I try again every minute, and write when it is locked."
        },
        "de": {
            "normal": "Automatische Nachricht. Im Raum {room} konnte ich dies nicht zurücksetzen: {what}. Schließen konnte ich ihn auch"
            " nicht, man kann dort also noch schreiben. Bitte schreibt dort nichts, was andere nicht lesen dürfen, und sprecht mit der"
            " Person, die den Server betreibt. Ich versuche es jede Minute wieder und schreibe, wenn er geschlossen ist."
        },
    },
    "drift_stays": {
        "en": {
            "normal": "Automatic message. In the room {room}, which is closed, I could not set this back: {what}."
            " Please talk with the person who runs the server."
        },
        "de": {
            "normal": "Automatische Nachricht. Im Raum {room}, der geschlossen ist, konnte ich dies nicht zurücksetzen: {what}."
            " Bitte sprecht mit der Person, die den Server betreibt."
        },
    },
    "room_not_made": {
        "en": {
            "normal": "Automatic message. The room {room} could not be made: the homeserver refused it. Nothing is left of it."
            " The person who runs the server can find out why. Then it can be tried again."
        },
        "de": {
            "normal": "Automatische Nachricht. Der Raum {room} konnte nicht entstehen: Der Server hat es abgelehnt. Es ist nichts davon übrig."
            " Wer den Server betreibt, kann nachsehen. Dann geht es noch einmal."
        },
    },
    "private_not_made": {
        "en": {
            "normal": "Automatic message. Your room could not be made: the homeserver refused it. I am sorry."
            " Please find another way to talk today, and tell the person who runs the server."
        },
        "de": {
            "normal": "Automatische Nachricht. Euer Raum konnte nicht entstehen: Der Server hat es abgelehnt. Das tut mir leid."
            " Bitte sprecht heute auf einem anderen Weg, und sagt es der Person, die den Server betreibt."
        },
    },
    "room_gone": {
        "en": {
            "normal": "Automatic message. I cannot reach the room {room} any more. The server's admin deleted it, or somebody shut me out."
            " Please ask the person who runs the server. A new one in its place is made with: {command}."
        },
        "de": {
            "normal": "Automatische Nachricht. Den Raum {room} erreiche ich nicht mehr. Der Server hat ihn gelöscht, oder ich wurde ausgesperrt."
            " Bitte frag die Person, die den Server betreibt. Einen neuen an seiner Stelle gibt: {command}."
        },
    },
    "private_gone": {
        "en": {
            "normal": "Automatic message. I cannot reach your private room any more. The server's admin deleted it, or I was shut out."
            " If it is gone for you too, you can ask for a new one."
        },
        "de": {
            "normal": "Automatische Nachricht. Euren privaten Raum erreiche ich nicht mehr. Der Server hat ihn gelöscht,"
            " oder ich wurde ausgesperrt. Ist er auch bei dir weg, kannst du um einen neuen bitten."
        },
    },
}
