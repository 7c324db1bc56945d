"""Texts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.text import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supportd.sdk.facts import Group, Person

TEXTS: Final = Catalogue(
    {
        "offer": {
            "en": {
                "normal": "Could you take these duties?\n{duties}\nYes takes all, no gives them back. A no needs no reason, and nobody counts it."
            },
            "de": {
                "normal": "Kannst du diese Dienste übernehmen?\n{duties}\nJa nimmt alle, nein gibt sie zurück. Ein Nein braucht keinen Grund, und niemand zählt es."
            },
        },
        "thanks": {
            "en": {"normal": "Thank you, they are yours. If you cannot after all, write: cover me."},
            "de": {"normal": "Danke, sie sind deine. Wenn du doch nicht kannst, schreib: cover me."},
        },
        "given_back": {
            "en": {"normal": "That is fine. Others are asked now."},
            "de": {"normal": "Das ist in Ordnung. Andere werden jetzt gefragt."},
        },
        "cover": {
            "en": {
                "normal": "Could you take this duty? Nobody has it now.\n{duty}\nTwo people are asked at once; the first yes has it. A no is fine."
            },
            "de": {
                "normal": "Kannst du diesen Dienst übernehmen? Im Moment hat ihn niemand.\n{duty}\nZwei werden gleichzeitig gefragt; das erste Ja hat ihn. Ein Nein ist in Ordnung."
            },
        },
        "taken": {
            "en": {"normal": "Somebody has taken this already. Thank you for offering."},
            "de": {"normal": "Das hat schon jemand übernommen. Danke für dein Angebot."},
        },
        "yours": {
            "en": {"normal": "It is yours, thank you: {duty}. If you cannot after all, write: cover me."},
            "de": {"normal": "Der Dienst ist deiner, danke: {duty}. Wenn du doch nicht kannst, schreib: cover me."},
        },
        "nobody": {
            "en": {"normal": "Nobody could take this duty: {duty}. Everybody who can was asked. It stays open, and nobody is at fault."},
            "de": {
                "normal": "Niemand konnte diesen Dienst übernehmen: {duty}. Alle, die könnten, wurden gefragt. Er bleibt offen, und niemand hat Schuld."
            },
        },
        "line": {
            "en": {"normal": "{kind}, {day} {start} to {end}"},
            "de": {"normal": "{kind}, {day} {start} bis {end}"},
        },
        "fine": {
            "en": {"normal": "That is fine. Others are asked now. Take it back with: rota undo."},
            "de": {"normal": "Das ist in Ordnung. Andere werden jetzt gefragt. Zurücknehmen kannst du es mit: rota undo."},
        },
        "nothing": {
            "en": {"normal": "You hold no duty of that kind in the next weeks."},
            "de": {"normal": "Du hast in den nächsten Wochen keinen solchen Dienst."},
        },
        "week_low": {
            "en": {"normal": "A low week: you are asked for half. What is more than that is given to others."},
            "de": {"normal": "Eine schwache Woche: du wirst um die Hälfte gebeten. Was darüber liegt, bekommen andere."},
        },
        "week_none": {
            "en": {"normal": "A week off: you are asked for nothing, and there is nothing to catch up on afterwards."},
            "de": {"normal": "Eine freie Woche: du wirst um nichts gebeten, und danach gibt es nichts aufzuholen."},
        },
        "week_usual": {
            "en": {"normal": "A usual week. Thank you."},
            "de": {"normal": "Eine gewöhnliche Woche. Danke dir."},
        },
        "back": {
            "en": {"normal": "Taken back: {count}. What others have by now stays theirs."},
            "de": {"normal": "Zurückgenommen: {count}. Was andere inzwischen haben, bleibt bei ihnen."},
        },
        "own": {
            "en": {"normal": "You are at {percent} % of what you offered. Only you can see this.\n{duties}"},
            "de": {"normal": "Du bist bei {percent} % von dem, was du angeboten hast. Nur du kannst das sehen.\n{duties}"},
        },
        "no_offer": {
            "en": {"normal": "You have not said yet what you can give. Write for example: rota give 2"},
            "de": {"normal": "Du hast noch nicht gesagt, was du geben kannst. Schreib zum Beispiel: rota give 2"},
        },
        "for_you": {
            "en": {"normal": "{helper} said for you: {words}. If that is not what you want, say it otherwise, or talk to them."},
            "de": {"normal": "{helper} hat für dich gesagt: {words}. Wenn du das nicht willst, sag es anders, oder sprich sie an."},
        },
        "terminal": {"en": {"normal": "An admin"}, "de": {"normal": "Jemand aus der Leitung"}},
        "standing_told": {
            "en": {"normal": "You need not be asked about these, so they are yours:\n{duties}\nIf you cannot, write: cover me."},
            "de": {
                "normal": "Danach musst du nicht gefragt werden, also sind sie deine:\n{duties}\nWenn du nicht kannst, schreib: cover me."
            },
        },
        "stands": {
            "en": {
                "normal": "From now on you are not asked about: {kinds}. You read it each time, and can give it back. To be asked again: rota ask me."
            },
            "de": {
                "normal": "Ab jetzt wirst du nicht gefragt nach: {kinds}. Du liest es jedes Mal und kannst es zurückgeben. Wieder gefragt werden: rota ask me."
            },
        },
        "asked_again": {
            "en": {"normal": "You are asked about everything again."},
            "de": {"normal": "Du wirst wieder nach allem gefragt."},
        },
        "week_note": {
            "en": {"normal": "Automatic message. Who is on this week:\n{duties}"},
            "de": {"normal": "Automatische Nachricht. Wer diese Woche da ist:\n{duties}"},
        },
        "gives": {
            "en": {"normal": "Thank you: {spoons} spoons in a usual week, for {kinds}. You can change it at any time."},
            "de": {"normal": "Danke: {spoons} Löffel in einer gewöhnlichen Woche, für {kinds}. Du kannst es jederzeit ändern."},
        },
    }
)


def say(key: str, group: Group, reader: Person | None = None, **values: str) -> str:
    """Return a text for a reader."""
    return TEXTS.say(key, group, reader, **values)


def line(group: Group, reader: Person | None, row: Mapping[str, Any]) -> str:
    """Return one duty in one line, by the reader's own clock."""
    start, end = (group.local(row[name], reader) for name in ("starts", "ends"))
    return say("line", group, reader, kind=row["kind"], day=f"{start:%Y-%m-%d}", start=f"{start:%H:%M}", end=f"{end:%H:%M}")


def lines(group: Group, reader: Person | None, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return some duties, one in a line."""
    return "\n".join(f"- {line(group, reader, row)}" for row in rows)
