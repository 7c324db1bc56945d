"""The bot's keys are lost: the recovery sheet brings it back as the same person."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import vodozemac

from supportd import recovery
from supportd.cli import restore as restoring
from supportd.cli.main import main
from supportd.daemon.secrets import Secrets
from supportd.demo.child import DaemonBroke
from supportd.matrix import keyfile
from supportd.matrix.chain import published
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.http import Api, path
from supportd.matrix.machine import Machine
from supportd.private import write_private
from supportd.store.sealing import HostKey
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
    await group.place.data("settings", "set", "welcome", "delay_minutes", "0")
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


def logins(place: Installation) -> dict[str, dict[str, str]]:
    """Return the sign-ins as they are kept."""
    return Secrets(HostKey.load(place.home / "host-key")).read_logins(place.home / "accounts.sealed")


def held(place: Installation, folder: Path) -> dict[str, dict[str, str]]:
    """Return the sign-ins in the recovery file."""
    found = recovery.open_sealed((folder / "words").read_text(), (place.home / "recovery.sealed").read_bytes())
    sign_ins: dict[str, dict[str, str]] = json.loads(found["logins"])
    return sign_ins


def with_a_key(place: Installation, folder: Path) -> None:
    """Write a file with one room key, as the daemon would have done."""
    store = CryptoStore("@other:x", "OTHER", folder / "other", file_key=None, pickle_key=b"p" * 32)
    machine, keys = Machine("@other:x", "OTHER", store), vodozemac.GroupSession()
    machine.olm.create_group_session("A" * 43, "E" * 43, "!room:x", keys.session_id, keys.session_key.to_base64())
    assert keyfile.KeyFile(place.home / "matrix").write(machine)
    store.close()


async def sign_out(place: Installation, *names: str) -> None:
    """End the sign-ins of the accounts ``names``."""
    for name in names:
        api = Api(place.synapse.base_url, logins(place)[name]["access_token"])
        await api.post(path("logout"), {})
        await api.close()


@pytest.mark.parametrize("step", ["_forget_certainty", "_move_away", "_take_keys", "_lost", "_sign_out", "_write_recovery"])
async def test_a_restore_that_was_broken_off_is_finished(
    place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Broken off at any step, a second run finishes it; until the room keys are back the daemon does not start."""
    with_a_key(place, tmp_path)
    lose(place)
    options = sheet(place, tmp_path)

    def broken(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restoring._Restoring, step, broken)
        first = await asyncio.to_thread(main, ["restore", *options, "--folder", str(place.home)])
    kept = step in {"_sign_out", "_write_recovery"}
    if not kept:
        with pytest.raises(DaemonBroke):
            await place.daemon.start()
    await place.data("restore", *options)

    keys = room_keys(place)
    assert first == 130
    assert len(keys) == 1
    assert kept or "run supportd restore" in place.log.read_text()
    assert held(place, tmp_path) == logins(place)
    await place.daemon.start()


def room_keys(place: Installation) -> list[str]:
    """Return the ids of the room keys that the reader's store holds."""
    secrets, reader = Secrets(HostKey.load(place.home / "host-key")), logins(place)["reader"]
    file_key, pickle_key = secrets.bytes_for("matrix file"), secrets.bytes_for("matrix pickle")
    store = CryptoStore(reader["user_id"], reader["device_id"], place.home / "matrix", file_key=file_key, pickle_key=pickle_key)
    found = [one.id for one in Machine(reader["user_id"], reader["device_id"], store).room_keys()]
    store.close()
    return found


async def test_a_damaged_key_file_stops_nothing(place: Installation, tmp_path: Path) -> None:
    """What does not open is moved aside and told; the bot is back and the lost device is signed out."""
    lose(place)
    (place.home / "matrix" / keyfile.FILE).write_bytes(b"damaged" * 30)

    restored = await place.data("restore", *sheet(place, tmp_path))

    assert (restored["left"], restored["room_keys"]) == (False, 0)
    assert str(restored["refused"]).endswith(f"{keyfile.FILE}.refused")
    assert (place.home / "matrix" / f"{keyfile.FILE}.refused").read_bytes() == b"damaged" * 30
    assert held(place, tmp_path) == logins(place)


async def test_ended_sign_ins_are_mended(place: Installation, tmp_path: Path) -> None:
    """Each account whose sign-in ended is signed in again on its old device, and the recovery file has the new ones."""
    options, before = sheet(place, tmp_path), logins(place)
    await sign_out(place, "creator", "doorkeeper", "reader")

    status, said = await place.say("restore", *options)

    after = logins(place)
    assert status == 0, said
    assert "Signed in again: reader, creator, doorkeeper." in said
    assert "written anew" in said
    assert {name: one["device_id"] for name, one in after.items()} == {name: one["device_id"] for name, one in before.items()}
    assert held(place, tmp_path) == after
    assert (await place.data("check"))["ok"] is True


async def test_a_sound_reader_keeps_its_sign_in(place: Installation, tmp_path: Path) -> None:
    """Where the creator alone was signed out, the reader's sign-in stays what it was."""
    before = logins(place)["reader"]
    await sign_out(place, "creator")

    restored = await place.data("restore", *sheet(place, tmp_path))

    assert restored["signed_in"] == ["creator"]
    assert logins(place)["reader"] == before


async def test_a_recovery_file_that_cannot_be_written_is_told(place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The restore is done all the same and ends with status 74 and a sentence; once it can be written a second run finishes it."""
    lose(place)
    options = sheet(place, tmp_path)
    writing = write_private

    def locked(file: Path, data: bytes, **given: int) -> None:
        if file.name == "recovery.sealed":
            raise OSError(30, "Read-only file system")
        writing(file, data, **given)

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "write_private", locked)
        status = await asyncio.to_thread(main, ["restore", *options, "--folder", str(place.home)])
    again = await place.data("restore", *options)

    assert status == 74
    assert (again["written"], again["before"]) == (True, again["device"])
    assert held(place, tmp_path) == logins(place)


async def test_a_lost_folder_keeps_room_keys_again(place: Installation, tmp_path: Path) -> None:
    """Check says that nothing is kept for a restore; a restore makes the public half again, and check is content."""
    options = sheet(place, tmp_path)
    shutil.rmtree(place.home / "matrix")
    wrong = (await place.say("check"))[1]
    shutil.rmtree(place.home / "matrix")

    await place.data("restore", *options)

    assert "room-keys.public is missing" in wrong
    assert (place.home / "matrix" / keyfile.PUBLIC).exists()
    assert (await place.data("check"))["ok"] is True


async def test_each_lost_store_is_kept(place: Installation, tmp_path: Path) -> None:
    """A second restore leaves the lost store of the first one where it is."""
    options, store = sheet(place, tmp_path), place.home / "matrix" / "crypto.db"
    for number in (b"1", b"2"):
        lost = [file for file in store.parent.glob("crypto.db*") if ".lost" not in file.name]
        for file in lost:
            file.unlink()
        store.write_bytes(number * 4096)
        await place.data("restore", *options)

    found = {file.name: file.read_bytes()[:1] for file in store.parent.glob("crypto.db.lost*")}

    assert found == {"crypto.db.lost": b"1", "crypto.db.lost2": b"2"}
