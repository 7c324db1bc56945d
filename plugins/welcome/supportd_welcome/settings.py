"""What a group may decide about its welcome."""

from __future__ import annotations

from typing import Annotated, ClassVar

from supportd.sdk.settings import Field, Settings, Template

#: A day of the path: days after the newcomer came, -1 for never.
Day = Annotated[int, Field(ge=-1, le=365)]


class WelcomeSettings(Settings):
    """Settings of ``welcome``."""

    settings_version: ClassVar[int] = 2

    room: str = Field(
        default="circle", max_length=200, description="Who joins one of these rooms for the first time is welcomed; keys of rooms."
    )
    delay_minutes: int = Field(
        default=3, ge=0, le=24 * 60, description="A newcomer is greeted after so many minutes, if they are still there."
    )
    crowd: int = Field(
        default=8, ge=1, le=500, description="When more people than this come within ten minutes, greeting stops and key members are asked."
    )
    ask_key_member: bool = Field(default=True, description="Ask the key member on duty to say hello.")
    hours_until_next: int = Field(
        default=4, ge=1, le=72, description="After so many hours without an answer the next key member is asked too."
    )
    offer_introduction: bool = Field(default=True, description="Ask the newcomer whether the room may be told that they are here.")
    days_for_introduction: int = Field(default=3, ge=1, le=28, description="After so many days silence counts as no.")
    vouch: int = Field(
        default=1, ge=1, le=2, description="So many key members have to say yes before somebody who knocks is let in; one no is a no."
    )
    hour: int = Field(default=10, ge=0, le=23, description="The later messages come at this hour, by the newcomer's own clock.")
    day_rules: Day = Field(default=1, description="The day of the ground rules; -1 for never.")
    day_name: Day = Field(default=3, description="The day of the question for a name; -1 for never.")
    day_reach: Day = Field(default=7, description="The day of the question how somebody wants to hear from the group; -1 for never.")
    day_mail: Day = Field(
        default=8, description="The day of the question whether somebody's words may be emailed to members; -1 for never."
    )
    day_buddy: Day = Field(default=14, description="The day of the offer of a buddy; -1 for never.")
    day_checkin: Day = Field(default=28, description="The day of the last question, how it is here; -1 for never.")
    ground_rules: Template = Field(
        default="", max_length=1500, description="Your own ground rules; left empty, ours. After a change people are asked again."
    )
    watch: bool = Field(default=True, description="Bring first words and questions that nobody answers to the key member on duty.")
    watched: str = Field(default="", max_length=200, description="Where that is watched; keys of rooms, left empty the rooms of room.")
    hours_alone: int = Field(default=12, ge=1, le=96, description="After so many hours without an answer a key member is asked.")
    hours_alone_next: int = Field(default=4, ge=1, le=48, description="After so many more hours the next key member is asked.")
    hours_alone_room: int = Field(
        default=36, ge=0, le=240, description="After so many hours at most the room itself is asked for a short word; 0 for never."
    )
    weekly: bool = Field(default=True, description="Tell the key members each Monday how many first words had an answer within a day.")

    @classmethod
    def migrate(cls, version: int, values: dict[str, object]) -> dict[str, object]:
        """Drop the greetings of version 1, which are the group's own texts now."""
        del version
        return {key: value for key, value in values.items() if key not in {"greeting", "greeting_de"}}

    def rooms(self) -> frozenset[str]:
        """Return the keys of the rooms whose newcomers are welcomed."""
        return frozenset(self.room.replace(",", " ").split())

    def rooms_watched(self) -> frozenset[str]:
        """Return the keys of the rooms in which nobody is left without an answer."""
        return frozenset(self.watched.replace(",", " ").split()) or self.rooms()

    def day_of(self, step: str) -> int:
        """Return the day of one step of the path, -1 for never."""
        day: int = getattr(self, f"day_{step}")
        return day
