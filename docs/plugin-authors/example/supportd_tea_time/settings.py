"""What a group may decide about its tea time."""

from __future__ import annotations

from supportd.sdk.settings import Field, Settings


class TeaSettings(Settings):
    """Settings of ``tea_time``."""

    room: str = Field(default="circle", description="The room that is told; the key of a room.")
    hour: int = Field(default=16, ge=8, le=20, description="The full hour of tea time, by the group's clock.")
