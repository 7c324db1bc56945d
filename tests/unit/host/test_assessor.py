"""Assessments in a process of their own."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from supportd.host.assessor import WorkerAssessor
from supportd.host.installed import InstalledPlugins
from supportd.sdk.events import MessagePosted
from supportd.sdk.findings import NOT_ASSESSED, Finding
from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId
from tests.unit.host.samples import Thing, ThingSettings, Thinks

if TYPE_CHECKING:
    from supportd.sdk.events import Event

NOW = datetime(2026, 6, 2, 17, 0, tzinfo=UTC)


def said(text: str) -> Event:
    """Return a message."""
    return MessagePosted(id=EventId("$1"), group=GroupId("roses"), at=NOW, room=RoomId("!circle"), author=PersonId("ann"), text=text)


@pytest.mark.asyncio
async def test_an_assessment_runs_outside_and_survives_a_hang() -> None:
    """Findings come back; what raises or hangs is not assessed, and the next event meets a fresh worker."""
    assessor = WorkerAssessor(InstalledPlugins.of(Thinks(), Thing()), limit=0.5)

    found = [await assessor.assess("thinks", said(text), ThingSettings()) for text in ("a cup of tea", "raise", "sleep", "tea again")]
    await assessor.close()

    assert found == [(Finding(name="tea"),), (NOT_ASSESSED,), (NOT_ASSESSED,), (Finding(name="tea"),)]
    assert not [one for one in multiprocessing.active_children() if one.name == "supportd-assess"]


@pytest.mark.asyncio
async def test_without_an_assessing_plugin_no_process_runs() -> None:
    """A plugin that does not assess costs no worker."""
    assessor = WorkerAssessor(InstalledPlugins.of(Thing()))

    assert not assessor.assesses("thing")
    assert await assessor.assess("thing", said("tea"), ThingSettings()) == ()
    assert not [one for one in multiprocessing.active_children() if one.name == "supportd-assess"]
