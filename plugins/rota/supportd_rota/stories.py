"""The group that this plugin's stories are about; only tests use it."""

from __future__ import annotations

from supportd.sdk.testing import Scene, a_group, command, turned_on
from supportd_rota.plugin import Rota


def thursday(**settings: object) -> Scene:
    """Return a group whose three key members give something, with two duties a week; nothing is proposed yet."""
    scene = (
        a_group(Rota).with_admins("Jo").with_key_members("Sam", "Mei", "Ali").with_people("Tom").with_direct_chat("Jo", "Sam", "Mei", "Ali")
    )
    scene.with_settings(**settings).when(turned_on())
    for words in ({"kind": "welcome", "days": "mon", "spoons": "2"}, {"kind": "listen", "days": "tue", "spoons": "2", "heavy": "heavy"}):
        scene.when(command("rota duty", by="Jo", **{"from": "10:00", "to": "12:00", "heavy": "", **words}))
    for name, spoons in (("Sam", "4"), ("Mei", "3"), ("Ali", "2")):
        scene.when(command("rota give", by=name, spoons=spoons, kinds="all"))
    return scene
