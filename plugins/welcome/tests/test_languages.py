"""The first weeks in every language, answered in that language; and the page that says which of them a native speaker has read."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from supportd_welcome import Welcome
from supportd_welcome.stories import PLAIN
from supportd_welcome.texts import SENSITIVE, TEXTS

from supportd.sdk.effects import ChangePerson, PostDirect, RecordConsent
from supportd.sdk.testing import Asked, a_group, answers, member_joins, says, turned_on
from supportd.sdk.text import problems_of

if TYPE_CHECKING:
    from supportd.sdk.facts import Edition
    from supportd.sdk.testing import Scene

PAGE: Final = Path(__file__).resolve().parents[3] / "docs/groups/languages.md"
#: In each language: yes, a sentence that gives a name, email, nameless, no, and the wish to talk.
ANSWERED: Final = {
    "de": ("ja", "nenn mich Rose", "E-Mail", "ohne Namen", "nein", "reden"),
    "en": ("yes", "call me Rose", "email", "nameless", "no", "talk"),
    "es": ("sí", "llámame Rose", "correo", "sin nombre", "no", "hablar"),
    "fr": ("oui", "appelle-moi Rose", "e-mail", "sans nom", "non", "parler"),
    "pa": ("ਹਾਂ", "ਮੈਨੂੰ ਕਹੋ Rose", "ਈਮੇਲ", "ਬਿਨਾਂ ਨਾਂ", "ਨਹੀਂ", "ਗੱਲ"),
    "ur": ("ہاں", "مجھے کہیں Rose", "ای میل", "بغیر نام", "نہیں", "بات"),
    "zh": ("好", "叫我Rose", "邮件", "匿名", "不用", "聊聊"),
}
STEPS: Final = ("rules", "name", "reach", "mail", "buddy", "checkin")


def read_by(scene: Scene, name: str) -> list[str]:
    """Return what reached somebody in the last step."""
    person = next(one.id for one in scene.group.people if name in {one.name, one.id})
    asked = [one.question for one in scene.of(Asked) if one.person == person]
    return [one.text for one in scene.of(PostDirect) if one.to == person] + asked


def test_each_language_is_walked() -> None:
    """No language is shipped whose answers these stories do not give."""
    assert sorted(ANSWERED) == sorted(TEXTS.languages())


@pytest.mark.parametrize("edition", ["normal", "easy", "short"])
@pytest.mark.parametrize("language", sorted(ANSWERED))
def test_the_first_weeks_in_ones_own_language(language: str, edition: Edition) -> None:
    """Somebody who answers everything in their language agrees, is called Rose, is reached by mail, stays nameless, and is written to."""
    yes, called, reach, nameless, no, talk = ANSWERED[language]
    settings: dict[str, object] = {f"day_{step}": day for day, step in enumerate(STEPS, 1)}
    scene = a_group(Welcome, language=language, edition=edition).with_admins("Jo").with_room("circle", "Jo")
    scene.with_duty("welcome", "Jo", hours=24 * 30).with_settings(**{**PLAIN, **settings}).when(turned_on(), member_joins("Karim"))
    scene.with_direct_chat("Karim")
    karim = next(one.id for one in scene.group.people if one.name == "Karim")
    texts, done = read_by(scene, karim), []

    for answer in (yes, called, reach, nameless, no, talk):
        scene.after(timedelta(days=1))
        texts += read_by(scene, karim)
        scene.when(says("Karim", answer, "direct:Karim") if answer == called else answers("Karim", answer))
        texts += read_by(scene, karim)
        done += [*scene.of(RecordConsent), *scene.of(ChangePerson)]

    assert [(one.kind, one.given) for one in done if isinstance(one, RecordConsent)] == [
        ("ground_rules", True),
        ("words_by_mail", True),
        ("name_in_mail", False),
    ]
    assert [(one.name, one.reach) for one in done if isinstance(one, ChangePerson)] == [("Rose", None), (None, "mail")]
    assert read_by(scene, "Jo") == [TEXTS.get("tell_talk", language, edition, member="Rose")]
    reads = TEXTS.get("reads", language, edition)
    assert texts[0] == TEXTS.get("hello", language, edition, member="Karim", group="Tuesday group", reads=reads)
    assert len(texts) == 13
    # What they consent to stands in English until somebody has read it in their language.
    assert texts[1] == TEXTS.get("ask_rules", language, edition, rules=TEXTS.get("rules_text", language, edition))
    assert texts[7] == TEXTS.get("ask_mail", language, edition)
    assert [(text, found) for text in texts if (found := problems_of(text))] == []


def test_the_page_says_which_languages_are_checked() -> None:
    """The table for the groups has each language with its file, and the mark that stands in the file."""
    table = re.findall(r"^\| [^|]+ \| `(\w+)\.toml` \| (yes|not yet) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(table) == sorted((language, "not yet" if language in TEXTS.unchecked else "yes") for language in TEXTS.languages())


def test_the_page_names_what_waits_for_a_native_speaker() -> None:
    """Whoever marks a language as checked reads which texts are then still to be written."""
    page = PAGE.read_text(encoding="utf-8")

    assert [key for key in SENSITIVE if f"`{key}`" not in page] == []
