"""What follows from somebody's answer to a question of the path."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supportd.sdk.effects import ChangePerson, PostDirect, RecordConsent
from supportd_welcome import hello, path, questions
from supportd_welcome.texts import name_of, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered
    from supportd.sdk.facts import Edition, Group, Person
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore


def heard(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: AskAnswered, step: str) -> Iterator[Effect]:
    """Carry out an answer."""
    person = group.person(event.by[0])
    if person is None:
        return
    if event.answer == questions.STOP.name:
        yield from path.stop(group, store, person)
    elif event.answer == questions.LATER.name:
        yield from path.later(group, store, settings, person, step)
    else:
        yield from _DOING[step](group, settings, person, event)


def _rules(group: Group, settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    agreed = event.answer == "yes"
    version = questions.rules_version(settings)
    yield RecordConsent(person=person.id, kind=questions.RULES, wording=version, given=agreed, how=event.how)
    yield PostDirect(to=person.id, text=say("rules_yes" if agreed else "rules_no", group, person, helper=_helper(group, person)))
    if not agreed:
        yield from _tell(group, person, "tell_rules")


def _name(group: Group, _settings: WelcomeSettings, person: Person, _event: AskAnswered) -> Iterator[Effect]:
    yield PostDirect(to=person.id, text=say("fine", group, person))


def _reach(group: Group, _settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    match event.answer:
        case "low":
            yield ChangePerson(person=person.id, low_energy=True)
            yield PostDirect(to=person.id, text=say("reach_low", group, person))
        case "chat":
            yield ChangePerson(person=person.id, reach="chat", low_energy=False)
            yield PostDirect(to=person.id, text=say("reach_chat", group, person))
        case "mail" | "letter" | "phone" as reach:
            yield ChangePerson(person=person.id, reach=reach)
            yield PostDirect(to=person.id, text=say("reach_other", group, person, helper=_helper(group, person)))
            yield from _tell(group, person, "tell_reach", how=f"by_{reach}")
        case _:
            yield PostDirect(to=person.id, text=say("fine", group, person))


def _language(group: Group, _settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    if event.answer == "no":
        yield PostDirect(to=person.id, text=say("fine", group, person))
        return
    yield ChangePerson(person=person.id, language=event.answer)
    yield PostDirect(to=person.id, text=say("language_kept", group, replace(person, language=event.answer)))


def _easy(group: Group, _settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    edition: Edition = "easy" if event.answer == "yes" else "normal"
    yield ChangePerson(person=person.id, edition=edition)
    yield PostDirect(to=person.id, text=say("fine", group, replace(person, edition=edition)))


def _mail(group: Group, _settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    wording = questions.mail_version(group, person)
    words, name = event.answer in {"yes", "nameless"}, event.answer == "yes"
    yield RecordConsent(person=person.id, kind=questions.BY_MAIL, wording=wording, given=words, how=event.how)
    yield RecordConsent(person=person.id, kind=questions.WITH_NAME, wording=wording, given=name, how=event.how)
    yield PostDirect(to=person.id, text=say(f"mail_{event.answer}", group, person))


def _buddy(group: Group, _settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    if event.answer != "yes":
        yield PostDirect(to=person.id, text=say("fine", group, person))
        return
    yield PostDirect(to=person.id, text=say("buddy_yes", group, person, helper=_helper(group, person)))
    yield from _tell(group, person, "tell_buddy")


def _checkin(group: Group, _settings: WelcomeSettings, person: Person, event: AskAnswered) -> Iterator[Effect]:
    match event.answer:
        case "talk":
            yield PostDirect(to=person.id, text=say("checkin_talk", group, person, helper=_helper(group, person)))
            yield from _tell(group, person, "tell_talk")
        case "yes":
            yield PostDirect(to=person.id, text=say("checkin_good", group, person))
        case _:
            yield PostDirect(to=person.id, text=say("fine", group, person))


_DOING = {
    "rules": _rules,
    "name": _name,
    "reach": _reach,
    "mail": _mail,
    "buddy": _buddy,
    "checkin": _checkin,
    "language": _language,
    "easy": _easy,
}


def _helper(group: Group, person: Person) -> str:
    found = hello.helper(group, person.id)
    return name_of(group, found) if found is not None else say("a_key_member", group, person)


def _tell(group: Group, person: Person, key: str, *, how: str = "") -> Iterator[Effect]:
    """Bring a wish to whoever's turn it is; they are a person and do the rest."""
    helper = hello.helper(group, person.id)
    if helper is not None:
        values = {"how": say(how, group, helper)} if how else {}
        yield PostDirect(to=helper.id, text=say(key, group, helper, member=name_of(group, person), **values))
