"""Texts for people about pairs, reviews, second circles and merging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.facts import Edition

TOGETHER: Final[Mapping[str, Mapping[str, Mapping[Edition, str]]]] = {
    "buddy_nobody": {
        "en": {"normal": "There is nobody of this name whom I could ask. Write: buddy NAME."},
        "de": {"normal": "Unter diesem Namen kann ich niemanden fragen. Schreib: buddy NAME."},
    },
    "buddy_self": {
        "en": {"normal": "A buddy is somebody else. Write: buddy NAME."},
        "de": {"normal": "Ein Buddy ist jemand anderes. Schreib: buddy NAME."},
    },
    "buddy_shut": {
        "en": {"normal": "The group is shut for a while, and nobody is invited. Please ask again in a few days."},
        "de": {"normal": "Die Gruppe ist eine Weile geschlossen, niemand wird eingeladen. Frag bitte in ein paar Tagen noch einmal."},
    },
    "buddy_later": {
        "en": {"normal": "I cannot ask them at the moment. Please try again in a few weeks."},
        "de": {"normal": "Gerade kann ich nicht fragen. Versuch es bitte in ein paar Wochen noch einmal."},
    },
    "buddy_rest": {
        "en": {"normal": "You asked not long ago. Let it rest for a while. It has nothing to do with you. There are others you could ask."},
        "de": {
            "normal": "Du hast vor Kurzem gefragt. Lass es eine Weile ruhen. Es liegt nicht an dir. Du kannst auch jemand anderen fragen."
        },
    },
    "buddy_asked": {
        "en": {
            "normal": "Thank you. I ask them, and nobody else hears of it. When they say yes you two get a room of your own. I cannot read there."
        },
        "de": {
            "normal": "Danke. Ich frage, und niemand sonst erfährt davon. Bei einem Ja bekommt ihr zwei einen eigenen Raum. Ich kann dort nicht lesen."
        },
    },
    "buddy_thanks": {
        "en": {"normal": "Thank you. When both want it you get a room of your own."},
        "de": {"normal": "Danke. Wenn beide es wollen, bekommt ihr einen eigenen Raum."},
    },
    "buddy_question": {
        "en": {
            "normal": "Automatic message. Would you and {member} like to be buddies, and look after each other? You would get a room for two. Answer yes or no. No is fine and needs no reason. Nobody else knows."
        },
        "de": {
            "normal": "Automatische Nachricht. Möchtet ihr, {member} und du, Buddys sein und aufeinander achten? Ihr bekämt einen Raum zu zweit. Antworte ja oder nein. Nein ist gut und braucht keinen Grund. Niemand sonst weiß davon."
        },
    },
    "buddy_no": {
        "en": {
            "normal": "Automatic message. This time there is no pair. It has nothing to do with you. There are others you could ask, whenever you like."
        },
        "de": {
            "normal": "Automatische Nachricht. Dieses Mal wird kein Paar daraus. Es liegt nicht an dir. Du kannst jemand anderen fragen, wann du magst."
        },
    },
    "buddy_off": {
        "en": {"normal": "Automatic message. My question about a buddy is settled. There is nothing for you to do."},
        "de": {"normal": "Automatische Nachricht. Meine Frage nach einem Buddy hat sich erledigt. Du musst nichts tun."},
    },
    "review_question": {
        "en": {
            "normal": "Automatic message. A review about {member} is asked for, with {helper}. {member} is never in it and does not hear of it. I can read there, and so can the person who runs me. It closes after {days} days. Two of you have to agree. Do you?"
        },
        "de": {
            "normal": "Automatische Nachricht. Gewünscht ist eine Besprechung über {member}, mit {helper}. {member} ist nie dabei und erfährt nichts davon. Ich kann dort lesen, und wer mich betreibt, auch. Sie schließt nach {days} Tagen. Zwei von euch müssen zustimmen. Du?"
        },
    },
    "second_question": {
        "en": {
            "normal": "Automatic message. The room {room} is full, and people wait for a place: {count}. Shall I make a second circle for them, and for whoever likes to move? Nobody is moved without a yes. Two key members have to agree. Do you? Or allow more: rooms cap {room} NUMBER."
        },
        "de": {
            "normal": "Automatische Nachricht. Der Raum {room} ist voll. Auf einen Platz warten: {count}. Soll ich einen zweiten Kreis machen, für sie und für alle, die wechseln mögen? Niemand wechselt ohne ein Ja. Zwei Aktive müssen zustimmen. Du? Oder mehr Plätze: rooms cap {room} ZAHL."
        },
    },
    "move_question": {
        "en": {
            "normal": "Automatic message. There is a second circle now: {called}. Would you like to move there? With a yes I invite you, and take you out of {room}. No is fine, then everything stays."
        },
        "de": {
            "normal": "Automatische Nachricht. Es gibt jetzt einen zweiten Kreis: {called}. Möchtest du dorthin wechseln? Bei Ja lade ich dich ein und nehme dich aus {room}. Nein ist gut, dann bleibt alles."
        },
    },
    "move_full": {
        "en": {"normal": "Automatic message. The second circle is full by now. You stay where you are, and nothing has changed."},
        "de": {
            "normal": "Automatische Nachricht. Der zweite Kreis ist inzwischen voll. Du bleibst, wo du bist, und nichts hat sich geändert."
        },
    },
    "merge_question": {
        "en": {
            "normal": "Automatic message. Somebody asks that the rooms {room} and {other} become one. Two key members have to agree, then everybody there is asked. Do you agree?"
        },
        "de": {
            "normal": "Automatische Nachricht. Jemand möchte die Räume {room} und {other} zusammenlegen. Zwei Aktive müssen zustimmen, dann werden alle dort gefragt. Bist du dafür?"
        },
    },
    "merge_member": {
        "en": {
            "normal": "Automatic message. Would you like one new room for those of {room} and of {other}? With a yes you are invited. When two or more want it, both old rooms close, in 14 days at the latest. What was said there stays readable for you. Answer yes or no."
        },
        "de": {
            "normal": "Automatische Nachricht. Möchtest du einen neuen Raum für alle aus {room} und {other}? Bei Ja wirst du eingeladen. Wollen es zwei oder mehr, schließen beide alten Räume, spätestens in 14 Tagen. Was dort gesagt wurde, bleibt für dich lesbar. Antworte ja oder nein."
        },
    },
    "merge_stays": {
        "en": {"normal": "Automatic message. Too few wanted one room out of {room}. Everything stays as it was."},
        "de": {"normal": "Automatische Nachricht. Zu wenige wollten einen gemeinsamen Raum aus {room}. Alles bleibt, wie es war."},
    },
    "merge_closing": {
        "en": {
            "normal": "Automatic message. This room closes now. There is a new one: {called}. Whoever said yes is invited. You can still read what you could read before. Thank you for being here."
        },
        "de": {
            "normal": "Automatische Nachricht. Dieser Raum schließt jetzt. Es gibt einen neuen: {called}. Wer ja gesagt hat, ist eingeladen. Lesbar bleibt, was du lesen konntest. Danke, dass du hier warst."
        },
    },
}
