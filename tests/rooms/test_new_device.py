"""On a real homeserver: a second device signs in to a member's account, and that member alone is told."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from supportd.matrix.accounts import log_in
from supportd.matrix.http import path
from supportd.matrix.member import Member
from supportd.matrix.newdevices import GATHER
from tests.rooms.acts import greeted
from tests.rooms.conftest import PROMISED, Circle, until
from tests.support.reading import heard

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

NEWS = "to your account"
#: Longer than new devices are gathered: by then a second message would be there.
MEANWHILE = GATHER + 5


async def signs_in(circle: Circle, owner: Member, name: str, *, signed: bool = True) -> Member:
    """Return another device of somebody, whose keys they bring along unless it is not ``signed``."""
    ours: Path = owner.store._path.parent
    folder = circle.folder / f"second-{name}"
    folder.mkdir(mode=0o700)
    for file in ("key", "seeds") if signed else ("key",):
        shutil.copy(ours / file, folder / file)
    login = await log_in(circle.synapse.base_url, owner.user_id[1:].partition(":")[0], "pw", name)
    return await circle.listening(await Member.sign_up(circle.synapse.base_url, login, folder, cross_sign=signed))


async def test_a_new_device_is_told_to_its_owner_alone(circle: Circle) -> None:
    """Tom, who never spoke with the bot, is invited to a chat and reads it within seconds; nobody else does, an admin's pages included."""
    tom = circle.people["Tom"]
    laptop = await signs_in(circle, tom, "LAPTOP")

    took = await until(lambda: heard(tom, NEWS), 20)
    print(f"seconds from a new device until its owner read of it, with the chat made first: {took:.1f}")
    (seen,) = heard(tom, NEWS)
    inside = set((await tom.api.get(path("rooms", seen.room, "joined_members")))["joined"])
    await asyncio.sleep(MEANWHILE)

    assert "A new device signed in" in seen.text
    assert "can read along in the rooms of Thursday evenings" in seen.text
    assert inside & {one.user_id for one in circle.people.values()} == {tom.user_id}
    assert len(heard(tom, NEWS)) == 1
    assert [heard(circle.people[name], "device") for name in ("Jo", "Sam", "Mei")] == [[], [], []]
    assert "device" not in str(await circle.place.data("journal"))
    assert laptop.user_id == tom.user_id


async def test_killed_in_between_it_is_told_once(circle: Circle) -> None:
    """An unconfirmed device and one beside it come while the daemon is killed again and again: Ada reads one message of two devices."""
    ada, chat = await greeted(circle, "Ada")
    await signs_in(circle, ada, "GHOST", signed=False)
    await signs_in(circle, ada, "TABLET")
    # Before the device was looked at, while it is gathered, and about when it is told.
    for wait in (0.0, 1.0, GATHER - 0.3):
        await asyncio.sleep(wait)
        await circle.place.daemon.kill()
        await circle.place.daemon.start()

    await until(lambda: heard(ada, NEWS), 3 * PROMISED)
    await asyncio.sleep(MEANWHILE)

    (seen,) = heard(ada, NEWS)
    assert seen.room == chat
    assert "2 new devices" in seen.text
    assert "Some of them can read along" in seen.text
    log = circle.place.log.read_text()
    assert "GHOST" not in log
    assert "TABLET" not in log
