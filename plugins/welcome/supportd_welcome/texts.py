"""Texts for people; a member of the group has the last word on each."""

from __future__ import annotations

from typing import Final

from supportd.sdk.text import Catalogue

TEXTS: Final = Catalogue(
    {
        "greeting": {
            "en": {
                "normal": (
                    "Hello {member}. This is an automatic message of {group}. You are in our room now, and you do not need to write."
                    " People of the group read there, and so does this helper program. Earlier messages stay closed for you, because they"
                    " were meant for those who were there. A key member will say hello when they can. If you want to stop, leave; nobody asks why."
                ),
                "easy": (
                    "Hello {member}. This is an automatic message. You are in our room now. You do not need to write."
                    " The group can read there. This program can read there too. Somebody will say hello."
                ),
            },
            "de": {
                "normal": (
                    "Hallo {member}. Das ist eine automatische Nachricht von {group}. Du bist jetzt in unserem Raum und musst nichts schreiben."
                    " Dort lesen Menschen aus der Gruppe und dieses Hilfsprogramm. Frühere Nachrichten bleiben für dich geschlossen."
                    " Jemand aus dem Kreis sagt Hallo, sobald es geht. Wenn du gehen willst, geh. Niemand fragt warum."
                ),
                "easy": (
                    "Hallo {member}. Das ist eine automatische Nachricht. Du bist jetzt in unserem Raum. Du musst nichts schreiben."
                    " Die Gruppe kann dort lesen. Dieses Programm auch. Jemand sagt bald Hallo."
                ),
            },
        },
        "ask_hello": {
            "en": {
                "normal": (
                    "Automatic message. {member} is new in the room. Could you say hello? It takes a minute."
                    " Answer with 👍 or yes, or with no. No is fine and needs no reason. A line you may copy: Hello {member}, good that you are here."
                ),
                "easy": "Automatic message. {member} is new. Could you say hello? Answer yes or no. No is fine.",
            },
            "de": {
                "normal": (
                    "Automatische Nachricht. {member} ist neu im Raum. Kannst du Hallo sagen? Es dauert eine Minute."
                    " Antworte mit 👍 oder ja, oder mit nein. Nein ist in Ordnung. Zum Kopieren: Hallo {member}, schön, dass du da bist."
                ),
                "easy": "Automatische Nachricht. {member} ist neu. Kannst du Hallo sagen? Antworte ja oder nein. Nein ist in Ordnung.",
            },
        },
        "told": {
            "en": {"normal": "Automatic message. Somebody else says hello to {member}. There is nothing for you to do."},
            "de": {"normal": "Automatische Nachricht. Jemand anderes sagt {member} Hallo. Du musst nichts tun."},
        },
        "ask_introduce": {
            "en": {
                "normal": "May I tell the room that you are here, with your name only? Answer yes or no. If you do not answer, I tell nobody.",
                "easy": "May I tell the room your name? Answer yes or no. No answer means no.",
            },
            "de": {
                "normal": "Darf ich im Raum sagen, dass du da bist, nur mit deinem Namen? Antworte ja oder nein. Ohne Antwort sage ich nichts.",
                "easy": "Darf ich im Raum deinen Namen sagen? Antworte ja oder nein. Keine Antwort heißt nein.",
            },
        },
        "introduction": {
            "en": {"normal": "{member} is new here. A short hello is welcome. Nobody has to answer."},
            "de": {"normal": "{member} ist neu hier. Ein kurzes Hallo tut gut. Niemand muss antworten."},
        },
        "somebody": {"en": {"normal": "Somebody"}, "de": {"normal": "Jemand"}},
    }
)
