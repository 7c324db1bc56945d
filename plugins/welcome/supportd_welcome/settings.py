"""What a group may decide about its welcome."""

from __future__ import annotations

from supportd.sdk.settings import Field, Settings, Template


class WelcomeSettings(Settings):
    """Settings of ``welcome``."""

    room: str = Field(default="circle", max_length=40, description="Who joins this room for the first time is greeted; the key of a room.")
    greeting: Template = Field(
        default="", max_length=1500, description="Your own words for the greeting; left empty, the plugin's own in the newcomer's language."
    )
    greeting_de: Template = Field(
        default="",
        max_length=1500,
        description="The same for those who read German; left empty, the words of greeting, or the plugin's own.",
    )
    ask_key_member: bool = Field(default=True, description="Ask the key member on duty to say hello.")
    hours_until_next: int = Field(
        default=4, ge=1, le=72, description="After so many hours without an answer the next key member is asked too."
    )
    offer_introduction: bool = Field(default=True, description="Ask the newcomer whether the room may be told that they are here.")
    days_for_introduction: int = Field(default=3, ge=1, le=28, description="After so many days silence counts as no.")
