"""What a group may decide about its rooms; what a room is stands in its template."""

from __future__ import annotations

from typing import ClassVar

from supportd.sdk.settings import Field, Settings, Template

#: What the first version could set; each template has its own now.
_GONE = frozenset({"rotation_messages", "rotation_hours"})


class RoomSettings(Settings):
    """Settings of ``confidential_rooms``."""

    settings_version: ClassVar[int] = 2

    space_name: Template = Field(
        default="{group}", max_length=100, description="Name of the group's space. The homeserver can read it: keep it neutral."
    )
    circle_name: Template = Field(
        default="{group}: circle", max_length=100, description="Name of the group's main room. The homeserver can read it: keep it neutral."
    )
    talk_name: Template = Field(
        default="{group}: talk", max_length=100, description="Name of a private talk. The homeserver can read it: keep it neutral."
    )
    buddies_name: Template = Field(
        default="{group}: two", max_length=100, description="Name of a room of two buddies. The homeserver can read it: keep it neutral."
    )
    review_name: Template = Field(
        default="{group}: review", max_length=100, description="Name of a review room. The homeserver can read it: keep it neutral."
    )
    second_circle_at: int = Field(
        default=5,
        ge=2,
        le=50,
        description="When so many wait for a place in a room, key members who wanted no second circle are asked once more.",
    )
    talk_wait_minutes: int = Field(
        default=30,
        ge=5,
        le=1440,
        description="So many minutes a key member has to answer somebody who wants to talk, then the next is asked.",
    )
    newcomer_days: int = Field(
        default=14, ge=1, le=90, description="Who came into the group fewer days ago cannot write while the group is shut after a panic."
    )

    places_kept_weeks: int = Field(
        default=8, ge=1, le=52, description="So many weeks the places of somebody who takes a break wait for them at most."
    )

    @classmethod
    def migrate(cls, version: int, values: dict[str, object]) -> dict[str, object]:
        """Leave out what templates decide now."""
        del version
        return {key: value for key, value in values.items() if key not in _GONE}
