"""The question of each step, and the answers it understands."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Answer, reserved
from supportd.sdk.settings import render
from supportd_welcome import hello
from supportd_welcome.texts import TEXTS, name_of, say

if TYPE_CHECKING:
    from supportd.sdk.facts import Group, Person
    from supportd_welcome.settings import WelcomeSettings

LATER: Final = reserved("later")
STOP: Final = reserved("stop")
#: The consents that this plugin asks for.
RULES: Final = "ground_rules"
BY_MAIL: Final = "words_by_mail"
WITH_NAME: Final = "name_in_mail"


def _way(name: str, number: str, reactions: tuple[str, ...], words: str) -> Answer:
    """Return a way to hear from the group; its number, its words, and both as they stand side by side in the question mean it."""
    known = tuple(words.split(", "))
    return Answer(name=name, reactions=reactions, words=(number, *known, *(f"{number} {word}" for word in known)))


#: How to hear from the group: a number, a sign, or a word in any language of the texts, also as the question puts it.
REACH: Final = (
    _way(
        *("chat", "1", ("💬",)),
        "chat, here, here in the chat, hier, hier im chat, aquí, aquí en el chat, ici, ici dans la discussion, "
        "聊天, 就在聊天里, چیٹ, یہاں چیٹ میں, ਚੈਟ, ਇੱਥੇ ਚੈਟ ਵਿੱਚ",
    ),
    _way(
        *("mail", "2", ("📧", "✉️", "📩")),
        "email, e-mail, mail, by email, per mail, per e-mail, correo, correo electrónico, por correo, por correo electrónico, courriel, "
        "par e-mail, par courriel, 邮件, 电子邮件, 发邮件, ای میل, ای میل سے, ਈਮੇਲ, ਈਮੇਲ ਰਾਹੀਂ",
    ),
    _way(
        *("letter", "3", ("📮", "📬", "📪")),
        "letter, post, by letter, by post, brief, per brief, carta, por carta, lettre, par lettre, courrier, par courrier, "
        "信, 寄信, خط, خط سے, ਚਿੱਠੀ, ਚਿੱਠੀ ਰਾਹੀਂ",
    ),
    _way(
        *("phone", "4", ("📞", "☎️", "📱")),
        "phone, telephone, by phone, ring, telefon, am telefon, anruf, teléfono, por teléfono, téléphone, par téléphone, "
        "电话, 打电话, فون, فون پر, ਫ਼ੋਨ, ਫ਼ੋਨ ਰਾਹੀਂ",
    ),
    _way(
        *("low", "5", ("🔋", "🪫")),
        "little, low energy, low, wenig, poco, peu, 少, 少一点, کم, ਘੱਟ",
    ),
    replace(NO, name="no"),
    LATER,
    STOP,
)
MAIL: Final = (
    YES,
    Answer(
        name="nameless",
        words=(
            *("nameless", "without my name", "without name", "no name", "yes but without my name", "anonymous"),
            *("ohne namen", "ohne meinen namen", "sin nombre", "sin mi nombre", "sans nom", "sans mon nom"),
            *("不要名字", "不写名字", "匿名", "بغیر نام", "نام کے بغیر", "ਬਿਨਾਂ ਨਾਂ", "ਨਾਂ ਤੋਂ ਬਿਨਾਂ"),
        ),
    ),
    NO,
    LATER,
    STOP,
)
CHECKIN: Final = (
    replace(YES, words=(*YES.words, "good", "fine", "gut", "bien", "bueno", "好", "很好", "اچھا", "ਚੰਗਾ")),
    Answer(
        name="talk",
        reactions=("📞", "💬"),
        words=("talk", "talk to me", "ring me", "reden", "hablar", "parler", "谈谈", "聊聊", "بات", "ਗੱਲ"),
    ),
    NO,
    STOP,
)
#: Languages by number, own name, and English name; what is not in the list is kept by a person.
LANGUAGES: Final = (
    Answer(name="en", words=("1", "english", "englisch", "inglés", "anglais")),
    Answer(name="de", words=("2", "deutsch", "german")),
    Answer(name="es", words=("3", "español", "spanish", "castellano")),
    Answer(name="fr", words=("4", "français", "french")),
    Answer(name="zh", words=("5", "中文", "汉语", "普通话", "chinese")),
    Answer(name="ur", words=("6", "اردو", "urdu")),
    Answer(name="pa", words=("7", "ਪੰਜਾਬੀ", "punjabi", "panjabi")),
    NO,
)
#: Each in its own words, one under the other.
LISTED: Final = "\n1 English\n2 Deutsch\n3 Español\n4 Français\n5 中文\n6 اردو\n7 ਪੰਜਾਬੀ\n"
EASY: Final = (YES, NO)
USUAL: Final = (YES, NO, LATER, STOP)

Question = tuple[str, tuple[Answer, ...], bool]


def rules_text(group: Group, settings: WelcomeSettings, reader: Person | None) -> str:
    """Return the ground rules: the group's own words, else ours."""
    return render(settings.ground_rules, group=group.name) if settings.ground_rules else say("rules_text", group, reader)


def rules_version(settings: WelcomeSettings) -> str:
    """Return what stands for the wording of the ground rules; another wording has another one."""
    words = settings.ground_rules or TEXTS.texts["rules_text"]["en"]["normal"]
    return f"rules-{hashlib.sha256(' '.join(words.split()).encode()).hexdigest()[:12]}"


def is_gated(group: Group, person: Person) -> bool:
    """Tell whether somebody may read in a room and not write before they agree."""
    return any(dict(room.now.levels).get(person.id, 0) < 0 for room in group.rooms if room.now is not None and person.id in room.joined)


def mail_version(group: Group, person: Person) -> str:
    """Return what stands for the wording in which somebody is asked about email."""
    return f"mail-{hashlib.sha256(say('ask_mail', group, person).encode()).hexdigest()[:12]}"


def of(step: str, group: Group, settings: WelcomeSettings, person: Person) -> Question | None:
    """Return the text, the answers and whether words are needed; ``None`` when somebody has answered that before, of themself."""
    match step:
        case "rules":
            return _rules(group, settings, person)
        case "name":
            return say("ask_name", group, person), (NO, LATER, STOP), False
        case "reach":
            return say("ask_reach", group, person), REACH, False
        case "mail":
            # Consent: a sign can be forged by whoever runs the homeserver.
            return say("ask_mail", group, person), MAIL, True
        case "language":
            return say("ask_language", group, person, languages=LISTED), LANGUAGES, False
        case "easy":
            return say("ask_easy", group, person), EASY, False
        case "buddy":
            return say("ask_buddy", group, person), USUAL, False
        case _:
            helper = hello.helper(group, person.id)
            # Without anybody who could write to them there is nothing to offer.
            text = say("ask_checkin", group, person, helper=name_of(group, helper)) if helper is not None else ""
            return (text, CHECKIN, False) if text else None


def _rules(group: Group, settings: WelcomeSettings, person: Person) -> Question | None:
    agreed = group.consent(person.id, RULES)
    if agreed is not None and agreed.given and agreed.wording == rules_version(settings):
        return None
    key = "ask_rules_again" if agreed is not None and agreed.given else "ask_rules_gate" if is_gated(group, person) else "ask_rules"
    return say(key, group, person, rules=rules_text(group, settings, person)), USUAL, False
