"""Which plugins are let in."""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoint
from typing import TYPE_CHECKING, ClassVar

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_welcome import Welcome

from supportd.host.discover import ENTRY_POINTS, discover, load
from supportd.host.first_party import FIRST_PARTY
from supportd.sdk import manifest, store
from supportd.sdk.hooks import Plugin, hookimpl
from tests.unit.host.samples import Thing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from supportd.sdk.ids import PersonId


class FromShelf(Distribution):
    """A distribution that is nowhere on disk."""

    def __init__(self, name: str) -> None:
        """Take its name."""
        self._name = name

    @property
    def name(self) -> str:
        """Return the name."""
        return self._name

    def read_text(self, filename: str) -> str | None:
        """Have no files."""
        return None

    def locate_file(self, path: str | os.PathLike[str]) -> None:  # type: ignore[override]  # there are no files
        """Have no files."""


def point(name: str, value: str, distribution: str = "supportd-welcome") -> EntryPoint:
    """Return an entry point of a distribution."""
    made = EntryPoint(name, value, ENTRY_POINTS)
    vars(made).update(dist=FromShelf(distribution))
    return made


def own(kind: str) -> str:
    """Return the address of a class of this module."""
    return f"{__name__}:{kind}"


class Async(Thing):
    """Has a coroutine for a hook."""

    name: ClassVar[str] = "async_one"

    @hookimpl
    async def member_left(self) -> None:
        """Be a coroutine."""


class Unknown(Thing):
    """Has a hook that nobody calls."""

    name: ClassVar[str] = "unknown"

    @hookimpl
    def moon_rose(self) -> None:
        """Be called by nobody."""


class Greedy(Thing):
    """Asks for what there is not."""

    name: ClassVar[str] = "greedy"

    @hookimpl
    def member_left(self, client: object) -> None:
        """Want a client."""


class Future(Thing):
    """Was made for another version."""

    name: ClassVar[str] = "future"
    api: ClassVar[tuple[int, ...]] = (99,)


class Shouting(Thing):
    """Has a bad name."""

    name: ClassVar[str] = "SHOUTING"


class Grabbing(Thing):
    """Wants a grant that is none."""

    name: ClassVar[str] = "grabbing"
    grants = frozenset({str})  # type: ignore[arg-type]  # the mistake under test


class Homeless(Thing):
    """Has tables, and nothing that makes them."""

    name: ClassVar[str] = "homeless"
    tables: ClassVar[store.Tables | None] = store.tables_of("homeless")

    def export_member(self, member: PersonId, store: store.PluginStore) -> Mapping[str, object]:
        """Show nothing."""
        return {}

    def forget_member(self, member: PersonId, store: store.PluginStore) -> None:
        """Forget nothing."""


class Keeping(Thing):
    """Keeps rows and lets nobody see them."""

    name: ClassVar[str] = "keeping"
    tables: ClassVar[store.Tables | None] = store.tables_of("keeping")


def test_the_first_party_plugins_are_found() -> None:
    """Both plugins are installed as ordinary distributions and found by their entry points."""
    found = discover()

    assert type(found.plugins["confidential_rooms"]) is ConfidentialRooms
    assert type(found.plugins["welcome"]) is Welcome
    assert {"supportd-welcome", "supportd-confidential-rooms"} <= FIRST_PARTY


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("async_one", "Async", "is a coroutine"),
        ("unknown", "Unknown", "“moon_rose” that supportd does not know"),
        ("greedy", "Greedy", "asks for “client”"),
        ("future", "Future", "another version of supportd"),
        ("SHOUTING", "Shouting", "small letters"),
        ("grabbing", "Grabbing", "no effect"),
        ("homeless", "Homeless", "tables but no migrations"),
        ("text", "own", "no subclass"),
        ("absent", "Absent", "cannot be loaded (AttributeError)"),
        ("other_name", "Thing", "different names (thing)"),
    ],
)
def test_a_broken_plugin_is_refused_and_the_others_stay(name: str, kind: str, said: str) -> None:
    """Each refusal is one sentence that says why; a plugin that is all right beside it is loaded."""
    found = load([point(name, own(kind)), point("thing", own("Thing"))], ())

    assert list(found.plugins) == ["thing"]
    assert said in found.refused[name]
    assert "\n" not in found.refused[name]


def test_rows_need_export_and_forget() -> None:
    """A plugin with tables must show and forget."""
    assert any("no export_member and forget_member" in one for one in manifest.problems(Keeping()))


def test_a_module_that_cannot_be_imported_is_refused() -> None:
    """A plugin whose module is not there stops nothing."""
    found = load([point("gone", "supportd_gone:Gone")], ())

    assert found.plugins == {}
    assert "ModuleNotFoundError" in found.refused["gone"]


def test_of_two_with_one_name_the_second_is_refused() -> None:
    """Two distributions cannot both be “thing”."""
    found = load([point("thing", own("Thing")), point("thing", own("Thing"))], ())

    assert list(found.plugins) == ["thing"]
    assert "same name" in found.refused["thing"]


def test_a_strangers_plugin_stays_outside() -> None:
    """What is not part of supportd is not even imported, unless the operator names it."""
    strange = point("thing", own("Thing"), "thing-for-supportd")

    refused, allowed = load([strange], ()), load([strange], {"thing"})

    assert refused.plugins == {}
    assert "allow_in_process" in refused.refused["thing"]
    assert isinstance(allowed.plugins["thing"], Plugin)
