"""What a group may decide about its rooms."""

from __future__ import annotations

from supportd.sdk.settings import Field, Settings, Template


class RoomSettings(Settings):
    """Settings of ``confidential_rooms``; they hold for rooms that are made from then on."""

    space_name: Template = Field(
        default="{group}", max_length=100, description="Name of the group's space. The homeserver can read it: keep it neutral."
    )
    circle_name: Template = Field(
        default="{group}: circle", max_length=100, description="Name of the group's main room. The homeserver can read it: keep it neutral."
    )
    rotation_messages: int = Field(default=50, ge=1, le=100, description="After so many messages a room gets a new key.")
    rotation_hours: int = Field(default=24, ge=1, le=168, description="After so many hours a room gets a new key.")
