"""What every command works with, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from supportd.engine.unit import JournalLine
from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.ports import Plugins
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import GroupId, PersonId


class WordsUnclear(SupportdError):
    """I did not understand that. Write: {usage}."""

    status = 64


class Unknown(SupportdError):
    """There is no {what} “{name}” here; see {look}."""

    status = 64


class Unusable(SupportdError):
    """{reason}."""

    status = 78


@dataclass(frozen=True, slots=True)
class Said:
    """The answer: ``text`` for a person, ``data`` of JSON types; ``scrub``: deleted rows must leave the files now."""

    text: str
    data: Mapping[str, object] = field(default_factory=dict)
    status: int = 0
    scrub: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """One command at hand: ``words`` after the first, ``by`` ``None`` for the operator at the terminal, ``id`` makes it happen once."""

    uow: UnitOfWork
    dispatcher: Dispatcher
    group: GroupId
    words: tuple[str, ...]
    by: PersonId | None
    id: str
    now: datetime

    @property
    def plugins(self) -> Plugins:
        """The installed plugins."""
        return self.dispatcher.plugins

    @property
    def who(self) -> str:
        """Who gives the command, for histories."""
        return self.by or "terminal"

    def facts(self) -> Group:
        """Return the group as it is now."""
        return self.uow.groups.facts(self.group, self.now)

    def plugin(self, name: str) -> str:
        """Return the name of an installed plugin, or raise :class:`Unknown`; hyphens are forgiven."""
        wanted = name.replace("-", "_")
        if (refusal := self.plugins.refusals().get(wanted)) is not None:
            raise Unusable(reason=refusal.rstrip("."))
        if wanted not in self.plugins.names():
            raise Unknown(what="plugin", name=name, look="plugins list")
        return wanted

    def journal(self, reason: str) -> None:
        """Note what was decided about people, without an id: the journal is chained, so what is written there cannot be forgotten."""
        line = JournalLine(group=self.group, plugin="supportd", at=self.now, kind="people", outcome="changed", reason=reason)
        self.uow.journal.add(line)

    def person(self, name: str) -> Person:
        """Return somebody of the group by name, Matrix id or opaque id, or raise :class:`Unknown`."""
        group = self.facts()
        by_user = self.uow.people.by_user(self.group, name) if name.startswith("@") else None  # type: ignore[arg-type]  # it looks like one
        found = [one for one in group.people if one.id in {name, by_user} or one.name.casefold() == name.casefold()]
        if len(found) != 1:
            what = "person" if not found else "single person"
            raise Unknown(what=what, name=name, look="people list, and use the id in front")
        return found[0]


Act = Literal["acts", "looks"]
