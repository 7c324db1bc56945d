"""What becomes of answers, of silence and of time that has passed: each goes to the part of the plugin that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd_confidential_rooms import (
    closing,
    declared,
    drift,
    growing,
    keeping,
    leaving,
    listening,
    making,
    merging,
    pairing,
    panic,
    pausing,
    plain,
    reviewing,
    talking,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered, AskExpired
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

_BY_ASK: Final[Mapping[str, Callable[[Group, RoomStore, RoomSettings, AskAnswered], Iterator[Effect]]]] = {
    talking.ASK: talking.answered,
    listening.ASK: listening.agreed,
    pausing.ASK: pausing.answered,
    leaving.ASK: leaving.answered,
    growing.ASK: growing.agreed,
    growing.MOVE: growing.move,
    merging.ASK: merging.agreed,
    reviewing.ASK: reviewing.answered,
    plain.ASK: plain.answered,
    keeping.ASK: keeping.agreed,
    panic.ASK: panic.opened,
}


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Do what people decided."""
    if event.key.startswith(pairing.ASK):
        yield from pairing.answered(group, store, settings, event.key, event.answer)
    elif event.key.startswith(merging.JOIN):
        yield from merging.answered(group, store, settings, event.key, event.answer)
    else:
        found = next((one for beginning, one in _BY_ASK.items() if event.key.startswith(beginning)), None)
        if found is not None:
            yield from found(group, store, settings, event)


def expired(group: Group, store: RoomStore, settings: RoomSettings, event: AskExpired) -> Iterator[Effect]:
    """Go on after silence: where two have to agree it means no."""
    if event.key.startswith(talking.ASK):
        yield from talking.expired(group, store, event)
    elif event.key.startswith(pairing.ASK):
        yield from pairing.answered(group, store, settings, event.key, "no")
    elif event.key.startswith(merging.JOIN):
        yield from merging.answered(group, store, settings, event.key, "no")
    elif event.key.startswith(merging.ASK):
        store.end_plan(event.key.removeprefix(merging.ASK))
    elif event.key.startswith(growing.ASK):
        growing.not_now(group, store, event.key.removeprefix(growing.ASK))
    elif event.key.startswith(reviewing.ASK):
        reviewing.expired(store, event)
    elif event.key.startswith(plain.ASK):
        plain.expired(store, event.key)


def due(group: Group, store: RoomStore, settings: RoomSettings, key: str) -> Iterator[Effect]:
    """Do what was announced, or what had to wait."""
    found = next((one for beginning, one in _BY_TIMER.items() if key.startswith(beginning)), None)
    if found is not None:
        yield from found(group, store, settings, key)


def _ends(group: Group, store: RoomStore, settings: RoomSettings, key: str) -> Iterator[Effect]:
    room = group.room(key.removeprefix(making.END))
    one = declared.of(group, store, settings, room) if room is not None else None
    yield from closing.ends(group, one) if one is not None else ()


_BY_TIMER: Final[Mapping[str, Callable[[Group, RoomStore, RoomSettings, str], Iterator[Effect]]]] = {
    listening.TIMER: listening.change,
    closing.TIMER: lambda group, store, settings, key: closing.close(group, store, settings, key.removeprefix(closing.TIMER)),
    making.FULL: lambda group, store, settings, key: growing.propose(group, store, settings, key.removeprefix(making.FULL)),
    making.END: _ends,
    merging.TIMER: lambda group, store, settings, key: merging.done(group, store, settings, key.removeprefix(merging.TIMER)),
    keeping.TIMER: lambda group, store, _settings, key: keeping.sweep(group, store, key),
    drift.TIMER: drift.again,
    pausing.TIMER: lambda group, store, _settings, _key: pausing.too_long(group, store),
    leaving.TIMER: lambda group, store, _settings, _key: making.all_moved_up(group, store),
    panic.TIMER: lambda group, store, _settings, _key: making.opened(group, store),
}
