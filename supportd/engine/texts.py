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
        "chat_here": {
            "en": {"normal": "Automatic message. You opened a second chat with me. I am here, in this one: please write to me here."},
            "de": {"normal": "Automatische Nachricht. Du hast einen zweiten Chat geöffnet. Ich bin hier: Bitte schreib mir in diesem."},
        },
    }
)


def say(group: Group, person: Person, key: str, /, **values: str) -> str:
    """Return a text in somebody's language and edition, or the group's."""
    return TEXTS.get(key, person.language or group.style.language, person.edition or group.style.edition, **values)
