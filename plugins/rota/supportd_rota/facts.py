"""Being on duty, as the group's other plugins see it: they ask the group's facts who is on, and never the rota."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import EndDuty, SetDuty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from supportd.sdk.ids import PersonId

#: Who listens is also asked when somebody wants to talk in private; who answers first words is also asked to say hello.
ALSO: Final = {"listen": ("talk",), "answer": ("welcome",)}


def on(row: Mapping[str, Any], person: PersonId) -> Iterator[SetDuty]:
    """Put somebody on a duty."""
    for kind in (row["kind"], *ALSO.get(row["kind"], ())):
        yield SetDuty(kind=kind, person=person, start=row["starts"], end=row["ends"])


def off(row: Mapping[str, Any], person: PersonId) -> Iterator[EndDuty]:
    """Take somebody off a duty."""
    for kind in (row["kind"], *ALSO.get(row["kind"], ())):
        yield EndDuty(kind=kind, person=person, start=row["starts"])
