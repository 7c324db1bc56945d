"""What the core itself says to members, in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.text import Catalogue

if TYPE_CHECKING:
    from supportd.sdk.facts import Group, Person

TEXTS: Final = Catalogue(
    {
        "chat_hello": {
            "en": {
                "normal": "Automatic message. Hello, good that you write. This is the chat of the two of us, for {group}."
                " Words that I understand: {words}."
            },
            "de": {
                "normal": "Automatische Nachricht. Hallo, gut, dass du schreibst. Das ist unser Chat zu zweit, für {group}."
                " Wörter, die ich verstehe: {words}."
            },
        },
        "chat_now_encrypted": {
            "en": {
                "normal": "Automatic message. Hello, good that you write. This is the chat of the two of us, for {group}."
                " I turned encryption on. What you wrote before that I did not take for a wish: please write it again."
                " Words that I understand: {words}."
            },
            "de": {
                "normal": "Automatische Nachricht. Hallo, gut, dass du schreibst. Das ist unser Chat zu zweit, für {group}."
                " Ich habe die Verschlüsselung eingeschaltet. Was du davor geschrieben hast, zählt für mich nicht."
                " Bitte schreib es noch einmal."
                " Wörter, die ich verstehe: {words}."
            },
        },
        "chat_elsewhere": {
            "en": {
                "normal": "Automatic message. Hello, good that you write. In the other chat our words would not be safe, so I did not stay."
                " This one is encrypted and for the two of us, for {group}. Words that I understand: {words}."
            },
            "de": {
                "normal": "Automatische Nachricht. Hallo, gut, dass du schreibst. In dem anderen Chat wären unsere Worte nicht sicher."
                " Dieser hier ist verschlüsselt und nur für uns zwei, für {group}. Wörter, die ich verstehe: {words}."
            },
        },
        "stranger_came": {
            "en": {
                "normal": "Automatic message. Somebody who is not in the group came into the room {room}: {who}. {how}"
                " They can read what people write there from now on, not what I write."
                " Do they belong here? Then an admin says: people add NAME {address}. If not, say: rooms remove {room} {address}."
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand, der nicht in der Gruppe ist, kam in den Raum {room}: {who}. {how}"
                " Ab jetzt ist dort für diese Person lesbar, was Menschen schreiben, nicht, was ich schreibe."
                " Gehört sie dazu? Dann kann eine Admin-Person sagen: people add NAME {address}."
                " Wenn nicht, sag: rooms remove {room} {address}."
            },
        },
        "stranger_came_to_you": {
            "en": {
                "normal": "Automatic message. Somebody who is not in the group came into your room {room}: {who}. {how}"
                " They can read what you write there from now on. If you do not want that, say nothing private there and ask a key member."
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand, der nicht in der Gruppe ist, kam in euren Raum {room}: {who}. {how}"
                " Ab jetzt ist dort für diese Person lesbar, was ihr schreibt."
                " Wenn du das nicht willst, schreib dort nichts Privates und frag eine aktive Person."
            },
        },
        "stranger_more": {
            "en": {
                "normal": "Automatic message. More people who are not in the group came into the room {room} today."
                " To see who they are, say: rooms strangers. To shut the group at once, say: panic."
            },
            "de": {
                "normal": "Automatische Nachricht. Heute kamen noch mehr Menschen in den Raum {room}, die nicht in der Gruppe sind."
                " Wer sie sind, zeigt: rooms strangers. Die Gruppe sofort schließen kannst du mit: panic."
            },
        },
        "let_in_by": {
            "en": {"normal": "{who} invited them."},
            "de": {"normal": "Die Einladung kam von {who}."},
        },
        "let_in_by_nobody": {
            "en": {"normal": "Nobody of the group invited them, as far as I know."},
            "de": {"normal": "Soweit ich weiß, hat niemand aus der Gruppe sie eingeladen."},
        },
        "device_all": {
            "en": {
                "normal": "Automatic message, for you alone. A new device signed in to your account ({day}, {time})."
                " From now on it can read along in the rooms of {group}. Was it you? Then all is well."
                " If not, open the settings of your app and look for devices or sessions. Sign that one out, then change your password."
                " A key member can help you with that."
            },
            "de": {
                "normal": "Automatische Nachricht, nur für dich. Ein neues Gerät hat sich in deinem Konto angemeldet ({day}, {time})."
                " Ab jetzt liest es in den Räumen von {group} mit. Warst du das? Dann ist alles gut."
                " Wenn nicht, such in den Einstellungen deiner App nach Geräten oder Sitzungen."
                " Melde es dort ab und ändere dann dein Passwort. Eine aktive Person kann dir dabei helfen."
            },
        },
        "device_none": {
            "en": {
                "normal": "Automatic message, for you alone. A new device signed in to your account ({day}, {time})."
                " Until you confirm it, it cannot read what I write in {group}; what others write, perhaps."
                " Was it you? Then your app shows how to confirm it."
                " If not, confirm nothing. Open the settings of your app and look for devices or sessions."
                " Sign that one out, then change your password. A key member can help you with that."
            },
            "de": {
                "normal": "Automatische Nachricht, nur für dich. Ein neues Gerät hat sich in deinem Konto angemeldet ({day}, {time})."
                " Bis du es bestätigst, kann es nicht lesen, was ich in {group} schreibe; was andere schreiben, vielleicht."
                " Warst du das? Dann zeigt dir deine App, wie du es bestätigst."
                " Wenn nicht, bestätige nichts. Such in den Einstellungen deiner App nach Geräten oder Sitzungen."
                " Melde es dort ab und ändere dann dein Passwort. Eine aktive Person kann dir dabei helfen."
            },
        },
        "devices_all": {
            "en": {
                "normal": "Automatic message, for you alone. {count} new devices signed in to your account ({day}, from {time})."
                " From now on they can read along in the rooms of {group}. Were all of them you? Then all is well."
                " If not, open the settings of your app and look for devices or sessions."
                " Sign out what is not yours, then change your password. A key member can help you with that."
            },
            "de": {
                "normal": "Automatische Nachricht, nur für dich."
                " {count} neue Geräte haben sich in deinem Konto angemeldet ({day}, ab {time})."
                " Ab jetzt lesen sie in den Räumen von {group} mit. Warst das immer du? Dann ist alles gut."
                " Wenn nicht, such in den Einstellungen deiner App nach Geräten oder Sitzungen."
                " Melde ab, was nicht deins ist, und ändere dann dein Passwort. Eine aktive Person kann dir dabei helfen."
            },
        },
        "devices_some": {
            "en": {
                "normal": "Automatic message, for you alone. {count} new devices signed in to your account ({day}, from {time})."
                " Some of them can read along in the rooms of {group} from now on, others not until you confirm them."
                " Were all of them you? Then all is well."
                " If not, confirm nothing. Open the settings of your app and look for devices or sessions."
                " Sign out what is not yours, then change your password. A key member can help you with that."
            },
            "de": {
                "normal": "Automatische Nachricht, nur für dich."
                " {count} neue Geräte haben sich in deinem Konto angemeldet ({day}, ab {time})."
                " Einige lesen ab jetzt in den Räumen von {group} mit, andere erst, wenn du sie bestätigst."
                " Warst das immer du? Dann ist alles gut."
                " Wenn nicht, bestätige nichts. Such in den Einstellungen deiner App nach Geräten oder Sitzungen."
                " Melde ab, was nicht deins ist, und ändere dann dein Passwort. Eine aktive Person kann dir dabei helfen."
            },
        },
        "devices_none": {
            "en": {
                "normal": "Automatic message, for you alone. {count} new devices signed in to your account ({day}, from {time})."
                " Until you confirm them, they cannot read what I write in {group}; what others write, perhaps."
                " Were all of them you? Then your app shows how to confirm them."
                " If not, confirm nothing. Open the settings of your app and look for devices or sessions."
                " Sign out what is not yours, then change your password. A key member can help you with that."
            },
            "de": {
                "normal": "Automatische Nachricht, nur für dich."
                " {count} neue Geräte haben sich in deinem Konto angemeldet ({day}, ab {time})."
                " Bis du sie bestätigst, können sie nicht lesen, was ich in {group} schreibe; was andere schreiben, vielleicht."
                " Warst das immer du? Dann zeigt dir deine App, wie du sie bestätigst."
                " Wenn nicht, bestätige nichts. Such in den Einstellungen deiner App nach Geräten oder Sitzungen."
                " Melde ab, was nicht deins ist, und ändere dann dein Passwort. Eine aktive Person kann dir dabei helfen."
            },
        },
        "chat_here": {
            "en": {"normal": "Automatic message. You opened a second chat with me. I am here, in this one: please write to me here."},
            "de": {"normal": "Automatische Nachricht. Du hast einen zweiten Chat geöffnet. Ich bin hier: Bitte schreib mir in diesem."},
        },
    }
)


def say(group: Group, person: Person, key: str, /, **values: str) -> str:
    """Return a text in somebody's language and edition, or the group's."""
    return TEXTS.get(key, person.language or group.style.language, person.edition or group.style.edition, **values)
