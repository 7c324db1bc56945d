"""What a group may decide about its rota."""

from __future__ import annotations

from typing import ClassVar

from supportd.sdk.settings import Field, Settings


class RotaSettings(Settings):
    """Settings of ``rota``."""

    settings_version: ClassVar[int] = 1

    plan_day: int = Field(default=3, ge=0, le=6, description="The day on which duties are proposed: 0 is Monday, 6 is Sunday.")
    plan_hour: int = Field(default=10, ge=0, le=23, description="The hour at which duties are proposed, by the group's clock.")
    weeks_ahead: int = Field(default=2, ge=1, le=8, description="Duties are proposed for so many weeks, from the next Monday on.")
    hours_to_answer: int = Field(
        default=48, ge=2, le=168, description="Silence for so many hours gives proposed duties back; nobody is asked why."
    )
    note_room: str = Field(
        default="",
        max_length=200,
        description="On Mondays the duties of the week are written in this room; a room's key, empty for nowhere.",
    )
    cover_hours: int = Field(
        default=4, ge=1, le=48, description="Two people are asked to cover a duty; after so many waking hours the next two are asked."
    )
