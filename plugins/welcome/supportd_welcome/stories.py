"""The group that this plugin's stories are about; only tests use it."""

from __future__ import annotations

from typing import Final

from supportd.sdk.testing import Scene, a_group, member_joins, turned_on
from supportd_welcome.plugin import Welcome

#: A welcome of the greeting alone, at once; stories about one thing begin here.
PLAIN: Final = {
    "delay_minutes": 0,
    "offer_introduction": False,
    "ask_key_member": False,
    **{f"day_{step}": -1 for step in ("rules", "name", "reach", "mail", "buddy", "checkin")},
}


def tuesday(**settings: object) -> Scene:
    """Return a group with two key members, a member and a circle, in which the plugin is on; Jo's turn comes first."""
    scene = a_group(Welcome).with_admins("Jo").with_key_members("Sam").with_people("Tom")
    scene.with_room("circle", "Jo", "Sam", "Tom").with_duty("welcome", "Jo", hours=24 * 365)
    return scene.with_settings(**settings).when(turned_on())


def plain(**settings: object) -> Scene:
    """Return the group in which newcomers are greeted at once and nothing else happens but what ``settings`` say."""
    return tuesday(**{**PLAIN, **settings})


def with_karim(**settings: object) -> Scene:
    """Return that group in which Karim was greeted and has taken the invitation to his direct chat."""
    scene = plain(**settings).when(member_joins("Karim"))
    return scene.with_direct_chat("Karim")
