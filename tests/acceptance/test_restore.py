"""The bot's keys are lost: the recovery sheet brings it back as the same person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.demo.child import DaemonBroke
from supportd.matrix.chain import published
from supportd.matrix.http import Api, path
from tests.acceptance.test_operator import Installation, place
from tests.acceptance.test_strict_client import Group, by_bot, group

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["group", "place"]

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


def sheet(place: Installation, folder: Path) -> tuple[str, ...]:
    """Return the options that give the words on the sheet and the reader's password."""
    words, password = folder / "words", folder / "password"
    words.write_text((place.home / "recovery-sheet.txt").read_text().split("Words:")[1].split()[0])
    password.write_text("secret-word\n")
    return "--file", str(place.home / "recovery.sealed"), "--words-file", str(words), "--password-file", str(password)


def lose(place: Installation) -> None:
    """Lose the crypto store."""
    for file in (place.home / "matrix").glob("crypto.db*"):
        file.unlink()


async def devices(group: Group) -> tuple[str, list[str]]:
    """Return the master key that members see of the bot, and its confirmed devices."""
    synapse, number = group.place.synapse, group.place.number
    login = await synapse.register(f"looker-{number}", "pw")
    api, bot = Api(synapse.base_url, login.access_token), f"@reader-{number}:{synapse.server_name}"
    found = published(bot, await api.post(path("keys", "query"), {"device_keys": {bot: []}}))
    await api.close()
    return str(found.master), sorted(one.id for one in found.devices)


async def test_a_lost_store_comes_back_on_a_new_device(group: Group, tmp_path: Path) -> None:
    """The daemon refuses to start anew; after the restore a strict client sees the same identity, reads the bot and is read by it.

    The lost device is gone, keys of before are there again, and the recovery file opens with the same words.
    """
    tom = await group.member("Tom")
    await group.place.data("plugins", "on", "welcome")
    karim = await group.member("Karim")
    await karim.join_all(1)
    told = by_bot(await karim.until(lambda messages: len(by_bot(messages)) >= 2))
    await group.place.daemon.stop()
    lose(group.place)
    with pytest.raises(DaemonBroke):
        await group.place.daemon.start()
    refused = group.place.log.read_text()

    restored = await group.place.data("restore", *sheet(group.place, tmp_path))
    again = await group.place.data("restore", *sheet(group.place, tmp_path))
    await group.place.daemon.start()
    await karim.ask("say", room=told[0]["room"], text="yes")
    introduced = by_bot(await tom.until(by_bot))

    assert "run supportd restore" in refused
    assert restored["left"] is False
    assert str(restored["device"]).startswith("SUPPORTD-")
    assert int(str(restored["room_keys"])) > 0
    assert (again["device"], again["before"], again["room_keys"]) == (restored["device"], restored["device"], 0)
    assert (await devices(group))[1] == [restored["device"]]
    assert "Karim is new here" in introduced[0]["text"]
    assert all(one["shield"] == 0 for one in introduced)
    assert (await group.place.data("check"))["ok"] is True


async def test_the_identity_is_never_replaced(group: Group, tmp_path: Path) -> None:
    """The master key that members pinned is the same before and after; a start without the folder made other seeds, which are not used."""
    master, there = await devices(group)
    await group.place.daemon.stop()
    lose(group.place)
    (group.place.home / "matrix" / "seeds").unlink()
    with pytest.raises(DaemonBroke):
        await group.place.daemon.start()

    await group.place.data("restore", *sheet(group.place, tmp_path))
    synapse_sees: Any = await group.place.data("check")

    assert there == ["SUPPORTD"]
    assert synapse_sees["checks"][0]["state"] == "ok"
    assert await seen_master(group) == master


async def seen_master(group: Group) -> str:
    """Return the master key as the reader's account shows it now."""
    synapse, bot = group.place.synapse, f"@reader-{group.place.number}:{group.place.synapse.server_name}"
    login = await synapse.register(f"again-{group.place.number}", "pw")
    api = Api(synapse.base_url, login.access_token)
    found = published(bot, await api.post(path("keys", "query"), {"device_keys": {bot: []}}))
    await api.close()
    return str(found.master)


async def test_what_is_sound_stays(place: Installation, tmp_path: Path) -> None:
    """With sound keys nothing changes, and the command says so; a password is not needed."""
    before = {file.name: file.read_bytes() for file in place.home.iterdir() if file.is_file()}

    status, said = await place.say("restore", *sheet(place, tmp_path)[:4])

    assert status == 0
    assert "sound and stay as they are" in said
    assert {file.name: file.read_bytes() for file in place.home.iterdir() if file.is_file()} == before


async def test_bad_input_changes_nothing(place: Installation, tmp_path: Path) -> None:
    """Wrong words, another installation's file and a missing password each get one sentence, and no file changes."""
    options = sheet(place, tmp_path)
    (tmp_path / "wrong").write_text("AAAA-BBBB")
    lose(place)
    before = {file.name: file.read_bytes() for file in place.home.iterdir() if file.is_file()}

    wrong = await place.say("restore", *options[:2], "--words-file", str(tmp_path / "wrong"))
    missing = await place.say("restore", *options[:4])
    (tmp_path / "password").write_text("another")
    refused = await place.say("restore", *options)

    assert (wrong[0], missing[0], refused[0]) == (78, 78, 78)
    assert "check them against the sheet" in wrong[1]
    assert "--password-file" in missing[1]
    assert "--password-file" in refused[1]
    assert {file.name: file.read_bytes() for file in place.home.iterdir() if file.is_file()} == before
