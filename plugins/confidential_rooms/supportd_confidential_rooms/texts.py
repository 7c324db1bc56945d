"""Texts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.text import Catalogue
from supportd_confidential_rooms.texts_plain import PLAIN
from supportd_confidential_rooms.texts_refused import REFUSED
from supportd_confidential_rooms.texts_together import TOGETHER

if TYPE_CHECKING:
    from supportd.sdk.facts import Group, Person

TEXTS: Final = Catalogue(
    {
        **TOGETHER,
        **PLAIN,
        **REFUSED,
        "topic_reader": {
            "en": {"normal": "Only people of the group are here. The helper program can read here, and so can the person who runs it."},
            "de": {"normal": "Hier sind nur Menschen aus der Gruppe. Das Hilfsprogramm kann hier lesen, und wer es betreibt, auch."},
        },
        "topic_doorkeeper": {
            "en": {"normal": "Only people of the group are here. The helper program sees who comes and goes. It cannot read here."},
            "de": {
                "normal": "Hier sind nur Menschen aus der Gruppe. Das Hilfsprogramm sieht, wer kommt und geht. Lesen kann es hier nicht."
            },
        },
        "topic_absent": {
            "en": {"normal": "Only people are here. The helper program is not in this room. Two key members keep it."},
            "de": {"normal": "Hier sind nur Menschen. Das Hilfsprogramm ist nicht in diesem Raum. Zwei Aktive hüten ihn."},
        },
        "topic_keep": {
            "en": {"normal": "What is said here is hidden after {days} days."},
            "de": {"normal": "Was hier gesagt wird, wird nach {days} Tagen verborgen."},
        },
        "topic_questions": {
            "en": {"normal": "If you would like to come in, knock and write a few words: {questions}"},
            "de": {"normal": "Wenn du hereinkommen möchtest, klopf an und schreib ein paar Worte: {questions}"},
        },
        "keep_question": {
            "en": {
                "normal": "Automatic message. Somebody asks that words in the room {room} are hidden after {days} days, older ones now."
                " That cannot be undone. Two have to agree. Do you?"
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand möchte, dass Worte im Raum {room} nach {days} Tagen verborgen werden, ältere jetzt."
                " Das lässt sich nicht zurücknehmen. Zwei müssen zustimmen. Du?"
            },
        },
        "keep_question_never": {
            "en": {"normal": "Automatic message. Somebody asks that words in the room {room} stay from now on. Two have to agree. Do you?"},
            "de": {
                "normal": "Automatische Nachricht. Jemand möchte, dass Worte im Raum {room} ab jetzt bleiben. Zwei müssen zustimmen. Du?"
            },
        },
        "keep_told": {
            "en": {
                "normal": "Automatic message. It was decided by two: what is said here is hidden after {days} days, older words now."
                " What somebody has copied, what a mail or a letter carried, stays. The server itself keeps hidden words for some days more.",
                "easy": "Automatic message. Words here are hidden after {days} days. Copies, mails and letters stay.",
            },
            "de": {
                "normal": "Automatische Nachricht. Zwei haben entschieden: Was hier gesagt wird, wird nach {days} Tagen verborgen,"
                " Älteres jetzt. Was jemand kopiert hat, was in einer Mail oder einem Brief stand, bleibt. Der Server selbst behält"
                " Verborgenes noch einige Tage.",
                "easy": "Automatische Nachricht. Worte hier werden nach {days} Tagen verborgen. Kopien, Mails und Briefe bleiben.",
            },
        },
        "keep_told_never": {
            "en": {"normal": "Automatic message. It was decided by two: what is said here stays from now on."},
            "de": {"normal": "Automatische Nachricht. Zwei haben entschieden: Was hier gesagt wird, bleibt ab jetzt."},
        },
        "keep_reason": {
            "en": {"normal": "Words here are hidden after {days} days."},
            "de": {"normal": "Worte hier werden nach {days} Tagen verborgen."},
        },
        "somebody": {"en": {"normal": "somebody who is not of the group"}, "de": {"normal": "jemand, der nicht zur Gruppe gehört,"}},
        "not_key_member": {
            "en": {"normal": "This room is for key members; thank you for all you did."},
            "de": {"normal": "Dieser Raum ist für die Aktiven; danke für alles, was du getan hast."},
        },
        "drift_mended": {
            "en": {
                "normal": "Automatic message. In the room {room} this was changed by {who}: {what}. I set it back to what the group decided."
                " If it was you and you want it so, tell an admin: the template can be changed for good."
            },
            "de": {
                "normal": "Automatische Nachricht. Im Raum {room} wurde dies geändert von {who}: {what}. Ich habe es zurückgesetzt."
                " Soll es so bleiben, kann jemand aus der Verwaltung die Vorlage ändern."
            },
        },
        "somebody_unknown": {
            "en": {"normal": "somebody (the server does not say who)"},
            "de": {"normal": "jemandem (der Server sagt nicht, wem)"},
        },
        "own_account": {
            "en": {"normal": "somebody who used my own account {account} (whoever runs the server can)"},
            "de": {"normal": "jemandem mit meinem eigenen Konto {account} (das kann, wer den Server betreibt)"},
        },
        "drift_mended_account": {
            "en": {
                "normal": "Automatic message. In the room {room} this was changed: {what}. It was done with my own account {who} by somebody"
                " else than this program. I set it back to what the group decided. The person who runs the server can sign in as any account,"
                " and can find out who did it. Please ask them."
            },
            "de": {
                "normal": "Automatische Nachricht. Im Raum {room} wurde dies geändert: {what}. Es geschah mit meinem eigenen Konto {who}, aber"
                " nicht durch dieses Programm. Ich habe es zurückgesetzt. Wer den Server betreibt, kann sich mit jedem Konto anmelden und"
                " kann herausfinden, wer es war. Bitte fragt dort nach."
            },
        },
        "drift_locked_by": {"en": {"normal": "It was changed by {who}."}, "de": {"normal": "Geändert wurde es von {who}."}},
        "upgraded": {
            "en": {
                "normal": "Automatic message. The room {room} was closed and replaced by {who}. I opened a new one as the group decided, and"
                " invited everybody who was there. Please leave the one that was opened in its place: I do not know who can read it."
            },
            "de": {
                "normal": "Automatische Nachricht. Der Raum {room} wurde geschlossen und ersetzt von {who}. Ich habe einen neuen geöffnet, wie"
                " die Gruppe es will, und alle eingeladen. Bitte verlasst den anderen: Ich weiß nicht, wer dort lesen kann."
            },
        },
        "drift_locked": {
            "en": {
                "normal": "Automatic message. In the room {room} I could not set this back: {what}. I locked the room, so nobody writes there"
                " until it is mended. Please talk with the person who runs the server. An admin opens it with: rooms unlock {room}."
            },
            "de": {
                "normal": "Automatische Nachricht. Im Raum {room} konnte ich dies nicht zurücksetzen: {what}. Ich habe ihn geschlossen."
                " Bitte sprecht mit der Person, die den Server betreibt. Die Verwaltung öffnet ihn mit: rooms unlock {room}."
            },
        },
        "room_full": {
            "en": {
                "normal": "Automatic message. The room {room} is full, and people wait for a place: {count}. Would a second circle be good?"
                " You can make one with: rooms create small_circle NAME PEOPLE. Or allow more: rooms cap {room} NUMBER. Nothing has to be done today."
            },
            "de": {
                "normal": "Automatische Nachricht. Der Raum {room} ist voll. Auf einen Platz warten: {count}. Wäre ein zweiter Kreis gut?"
                " So geht es: rooms create small_circle NAME LEUTE. Oder mehr Plätze: rooms cap {room} ZAHL. Es muss nichts heute geschehen."
            },
        },
        "talk_asked": {
            "en": {
                "normal": "Thank you for saying so. I am asking the key member on duty now. When they can, you two get a room of your own."
                " Nobody else learns of it. I cannot read there."
            },
            "de": {
                "normal": "Danke, dass du das sagst. Ich frage jetzt die Person, die Dienst hat. Wenn sie kann, bekommt ihr einen eigenen Raum."
                " Niemand sonst erfährt davon. Ich kann dort nicht lesen."
            },
        },
        "talk_making": {
            "en": {"normal": "Your room for the two of you is being made. The invitation comes in a moment."},
            "de": {"normal": "Euer Raum zu zweit entsteht gerade. Die Einladung kommt gleich."},
        },
        "talk_there": {
            "en": {"normal": "You two have a room already. Look among your chats, or at your invitations."},
            "de": {"normal": "Ihr habt schon einen Raum. Schau bei deinen Chats oder bei den Einladungen."},
        },
        "talk_nobody": {
            "en": {
                "normal": "There is nobody on duty whom I could ask now. I am sorry. Please ring somebody you trust, or the number the group gave you."
            },
            "de": {
                "normal": "Gerade ist niemand im Dienst, den ich fragen könnte. Das tut mir leid. Bitte ruf jemanden an, dem du vertraust."
            },
        },
        "talk_question": {
            "en": {
                "normal": "Automatic message. {member} would like to talk with somebody in private. Can you, soon? Answer yes or no."
                " No is fine and needs no reason; then I ask the next. Nobody else knows."
            },
            "de": {
                "normal": "Automatische Nachricht. {member} möchte mit jemandem unter vier Augen reden. Kannst du, bald? Antworte ja oder nein."
                " Nein ist gut und braucht keinen Grund; dann frage ich die Nächste. Niemand sonst weiß davon."
            },
        },
        "talk_taken": {
            "en": {"normal": "Thank you. Somebody else can do it. There is nothing for you to do."},
            "de": {"normal": "Danke. Jemand anderes kann es. Du musst nichts tun."},
        },
        "talk_silence": {
            "en": {
                "normal": "I asked, and nobody can talk at the moment. That has nothing to do with you. You can ask again at any time with: talk."
                " If it cannot wait, please ring somebody you trust, or the number the group gave you."
            },
            "de": {
                "normal": "Ich habe gefragt, und gerade kann niemand reden. Das liegt nicht an dir. Du kannst jederzeit wieder fragen: talk."
                " Wenn es nicht warten kann, ruf bitte jemanden an, dem du vertraust."
            },
        },
        "listening_question_reader": {
            "en": {
                "normal": "Automatic message. Somebody asks that I can read in the room {room} from now on. Two key members have to agree. Do you?"
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand möchte, dass ich ab jetzt im Raum {room} lesen kann. Zwei Aktive müssen zustimmen. Du?"
            },
        },
        "listening_question_doorkeeper": {
            "en": {
                "normal": "Automatic message. Somebody asks that I can no longer read in the room {room}, and only see who comes and goes."
                " Two key members have to agree. Do you?"
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand möchte, dass ich im Raum {room} nicht mehr lese, und nur sehe, wer kommt und geht."
                " Zwei Aktive müssen zustimmen. Du?"
            },
        },
        "listening_question_absent": {
            "en": {
                "normal": "Automatic message. Somebody asks that I leave the room {room} for good. Two key members in it would keep it."
                " I could not come back. Two key members have to agree. Do you?"
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand möchte, dass ich den Raum {room} für immer verlasse. Zwei Aktive darin würden ihn hüten."
                " Zurück könnte ich nicht. Zwei Aktive müssen zustimmen. Du?"
            },
        },
        "listening_to_reader": {
            "en": {
                "normal": "Automatic message. Two key members decided: from now on I can read in this room, and so can the person who runs me."
            },
            "de": {
                "normal": "Automatische Nachricht. Zwei Aktive haben entschieden: Ab jetzt kann ich hier lesen, und wer mich betreibt, auch."
            },
        },
        "listening_to_doorkeeper": {
            "en": {"normal": "Automatic message. Two key members decided: I stop reading in this room. I still see who comes and goes."},
            "de": {
                "normal": "Automatische Nachricht. Zwei Aktive haben entschieden: Ich lese hier nicht mehr. Ich sehe noch, wer kommt und geht."
            },
        },
        "listening_to_absent": {
            "en": {"normal": "Automatic message. Two key members decided: I leave this room. Two of them keep it from now on."},
            "de": {"normal": "Automatische Nachricht. Zwei Aktive haben entschieden: Ich verlasse diesen Raum. Zwei von ihnen hüten ihn."},
        },
        "closing": {
            "en": {
                "normal": "Automatic message. This room closes now. You can still read what you could read before. Thank you for being here."
            },
            "de": {
                "normal": "Automatische Nachricht. Dieser Raum schließt jetzt. Lesbar bleibt, was du lesen konntest. Danke, dass du hier warst."
            },
        },
        "break_already": {
            "en": {"normal": "You are on a break already. When you like to come back, write: back. Nothing hurries."},
            "de": {"normal": "Du machst schon Pause. Wenn du zurückkommen magst, schreib: zurück. Es eilt nicht."},
        },
        "break_weeks": {
            "en": {"normal": "A break has 1 to 52 weeks. Write for example: take a break 4."},
            "de": {"normal": "Eine Pause hat 1 bis 52 Wochen. Schreib zum Beispiel: pause 4."},
        },
        "break_asked": {
            "en": {"normal": "A break is a good thing. One question comes, so that nothing happens by mistake."},
            "de": {"normal": "Eine Pause ist etwas Gutes. Es kommt noch eine Frage, damit nichts aus Versehen geschieht."},
        },
        "break_question": {
            "en": {
                "normal": "Automatic message. Shall I take you out of the group's rooms for now? Your places wait for you for {weeks} weeks. You come back with one word: back. Answer yes or no."
            },
            "de": {
                "normal": "Automatische Nachricht. Soll ich dich für jetzt aus den Räumen der Gruppe nehmen? Deine Plätze warten {weeks} Wochen. Ein Wort bringt dich zurück: zurück. Antworte ja oder nein."
            },
        },
        "break_begun": {
            "en": {
                "normal": "You are out of the rooms, and nobody calls you. This chat stays. When you like to come back, write: back. Rest well."
            },
            "de": {
                "normal": "Du bist aus den Räumen, und niemand ruft dich. Dieser Chat bleibt. Wenn du zurückkommen magst, schreib: zurück. Ruh dich aus."
            },
        },
        "break_long": {
            "en": {
                "normal": "Automatic message. Your places have gone to others who waited. You are still one of the group. Write back at any time. It may take a while until a place is free."
            },
            "de": {
                "normal": "Automatische Nachricht. Deine Plätze haben jetzt andere, die warteten. Du gehörst weiter zur Gruppe. Schreib jederzeit: zurück. Es kann dauern, bis ein Platz frei ist."
            },
        },
        "leave_yourself": {
            "en": {"normal": "There is a room that I cannot take you out of. Please leave it in your app when you like."},
            "de": {"normal": "Aus einem Raum kann ich dich nicht nehmen. Bitte verlass ihn in deiner App, wenn du magst."},
        },
        "back": {
            "en": {"normal": "Good to have you back. Look at your invitations. Where a room is full you wait for a place."},
            "de": {"normal": "Schön, dass du wieder da bist. Schau bei den Einladungen. Wo ein Raum voll ist, wartest du auf einen Platz."},
        },
        "back_no_break": {
            "en": {"normal": "You are not on a break. Nothing has to be done."},
            "de": {"normal": "Du machst gerade keine Pause. Es ist nichts zu tun."},
        },
        "back_shut": {
            "en": {
                "normal": "The group is shut for a while, and nobody is invited. Your places wait. Please write back again in a few days."
            },
            "de": {
                "normal": "Die Gruppe ist eine Weile geschlossen, niemand wird eingeladen. Deine Plätze warten. Schreib in ein paar Tagen noch einmal: zurück."
            },
        },
        "leave_asked": {
            "en": {"normal": "One question comes, so that nothing happens by mistake. If you only need rest, there is also: take a break."},
            "de": {
                "normal": "Es kommt noch eine Frage, damit nichts aus Versehen geschieht. Wenn du nur Ruhe brauchst, gibt es auch: pause."
            },
        },
        "leave_question": {
            "en": {
                "normal": "Automatic message. Shall I take you out of all rooms for good, and forget what I keep about you? Answer yes, no or hide. Hide means yes, and I also hide your own messages wherever I am. What people have read stays with them. What was mailed, printed or photographed cannot be called back, and neither can what is on other servers."
            },
            "de": {
                "normal": "Automatische Nachricht. Soll ich dich für immer aus allen Räumen nehmen und vergessen, was ich weiß? Antworte ja, nein oder verbergen. Verbergen heißt ja, und ich verberge deine Nachrichten, wo immer ich bin. Gelesenes bleibt gelesen. Was per Mail ging, gedruckt oder fotografiert ist oder auf anderen Servern liegt, bleibt."
            },
        },
        "leave_stays": {
            "en": {"normal": "Good. You stay, and nothing has changed."},
            "de": {"normal": "Gut. Du bleibst, und nichts hat sich geändert."},
        },
        "leave_done": {
            "en": {
                "normal": "You are taken out of all rooms now, and then I forget you. You can close this chat yourself. Thank you for having been here. All the best to you."
            },
            "de": {
                "normal": "Ich nehme dich jetzt aus allen Räumen, dann vergesse ich dich. Diesen Chat kannst du selbst schließen. Danke, dass du da warst. Alles Gute."
            },
        },
        "panic_told": {
            "en": {
                "normal": "Automatic message. The group was shut by {who}. Nobody is let in, no link works, nothing is sent out, newcomers cannot write."
                " Two key members open it again with: open again."
            },
            "de": {
                "normal": "Automatische Nachricht. Die Gruppe wurde geschlossen von {who}. Niemand kommt herein, kein Link gilt, nichts geht hinaus."
                " Zwei Aktive öffnen sie wieder mit: open again."
            },
        },
        "panic_room": {
            "en": {
                "normal": "Automatic message. The group is shut for a while: nobody is let in, and newcomers cannot write. You need not do anything."
                " The key members will tell you more."
            },
            "de": {
                "normal": "Automatische Nachricht. Die Gruppe ist eine Weile geschlossen: Niemand kommt herein, und Neue können nicht schreiben."
                " Du musst nichts tun. Die Aktiven sagen dir mehr."
            },
        },
        "open_room": {
            "en": {"normal": "Automatic message. The group is open again. Everything is as it was before."},
            "de": {"normal": "Automatische Nachricht. Die Gruppe ist wieder offen. Alles ist wie vorher."},
        },
        "open_question": {
            "en": {
                "normal": "Automatic message. Somebody asks that the group opens again. Two key members have to agree. Is all well? Answer yes or no."
            },
            "de": {
                "normal": "Automatische Nachricht. Jemand möchte die Gruppe wieder öffnen. Zwei Aktive müssen zustimmen. Ist alles gut? Ja oder nein."
            },
        },
        "public list": {"en": {"normal": "the public list"}, "de": {"normal": "die öffentliche Liste"}},
        "addresses": {"en": {"normal": "the room's addresses"}, "de": {"normal": "die Adressen des Raums"}},
        "who may come in": {"en": {"normal": "who may come in"}, "de": {"normal": "wer herein darf"}},
        "guests": {"en": {"normal": "guests"}, "de": {"normal": "Gäste"}},
        "later joiners read": {"en": {"normal": "what newcomers can read"}, "de": {"normal": "was Neue lesen können"}},
        "encryption": {"en": {"normal": "encryption"}, "de": {"normal": "die Verschlüsselung"}},
        "new key after": {"en": {"normal": "how often the key changes"}, "de": {"normal": "wie oft der Schlüssel wechselt"}},
        "other servers": {"en": {"normal": "other servers"}, "de": {"normal": "andere Server"}},
        "power": {"en": {"normal": "who may do what"}, "de": {"normal": "wer was darf"}},
        "name and topic": {"en": {"normal": "name or topic"}, "de": {"normal": "Name oder Thema"}},
        "links to spaces": {"en": {"normal": "the links between rooms"}, "de": {"normal": "die Verweise zwischen Räumen"}},
        "listening": {
            "en": {"normal": "how much I hear, or the note about it"},
            "de": {"normal": "wie viel ich höre, oder der Hinweis darauf"},
        },
    }
)


def say(group: Group, person: Person, key: str, **values: str) -> str:
    """Return a text in somebody's language and edition, or the group's."""
    return TEXTS.get(key, person.language or group.style.language, person.edition or group.style.edition, **values)


def setting_word(group: Group, person: Person, setting: str) -> str:
    """Return what somebody calls one of the watched settings."""
    return say(group, person, setting)
