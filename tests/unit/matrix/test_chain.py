"""Cross-signing: the arithmetic, and the chain from a person's master key to their devices."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from supportd.matrix.chain import published
from supportd.matrix.errors import StoreUnreadable
from supportd.matrix.seeds import Seeds, load_or_make
from supportd.matrix.signing import base64_of, bytes_of, canonical, is_signed, public_of, signature, with_signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ANN = "@ann:x"
SEEDS = Seeds(b"m" * 32, b"s" * 32, b"u" * 32)
DEVICE_SEED = b"d" * 32


def device(name: str = "D1", *, seeds: Seeds | None = SEEDS) -> dict[str, Any]:
    """Return a device's object, signed by itself and by ``seeds``."""
    ed = public_of(DEVICE_SEED)
    keys = {f"ed25519:{name}": ed, f"curve25519:{name}": base64_of(b"c" * 32)}
    bare = {"user_id": ANN, "device_id": name, "algorithms": ["m.megolm.v1.aes-sha2"], "keys": keys}
    signatures = {f"ed25519:{name}": signature(DEVICE_SEED, bare)}
    if seeds is not None:
        signatures[f"ed25519:{public_of(seeds.self_signing)}"] = signature(seeds.self_signing, bare)
    return {**bare, "signatures": {ANN: signatures}, "unsigned": {"device_display_name": "phone"}}


def answer(devices: dict[str, Any], seeds: Seeds = SEEDS) -> dict[str, Any]:
    """Return a ``keys/query`` answer."""
    keys = seeds.upload(ANN)
    return {
        "device_keys": {ANN: devices},
        "master_keys": {ANN: keys["master_key"]},
        "self_signing_keys": {ANN: keys["self_signing_key"]},
    }


def test_known_signature() -> None:
    """The empty object signed by the specification's test seed has the signature that the specification prints."""
    seed = bytes_of("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1")

    found = signature(seed, {})

    assert found == "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"


def test_canonical_json() -> None:
    """Keys sorted, no spaces, UTF-8, without signatures and unsigned."""
    value = {"b": "日本", "a": 1, "signatures": {}, "unsigned": {}, "c": {"z": None, "y": True}}

    assert '{"a":1,"b":"日本","c":{"y":true,"z":null}}'.encode() == canonical(value)


def test_sound_chain() -> None:
    """A device signed by the chain is sound, another one is counted."""
    found = published(ANN, answer({"D1": device(), "D2": device("D2", seeds=None)}))

    assert public_of(SEEDS.master) == found.master
    assert [one.id for one in found.devices] == ["D1"]
    assert len(found.unsigned) == 1


def _replace(raw: dict[str, Any], name: str, key: str) -> None:
    raw[name][ANN] = Seeds.fresh().upload(ANN)[key]


BREAKS: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "other self-signing": lambda raw, _one: _replace(raw, "self_signing_keys", "self_signing_key"),
    "other master": lambda raw, _one: _replace(raw, "master_keys", "master_key"),
    "changed curve key": lambda _raw, one: one["keys"].update({"curve25519:D1": base64_of(b"e" * 32)}),
    "renamed device": lambda raw, one: raw["device_keys"].update({ANN: {"D9": one}}),
    "another's device": lambda _raw, one: one.update(user_id="@eve:x"),
    "not signed by itself": lambda _raw, one: one["signatures"][ANN].pop("ed25519:D1"),
    "wrong usage": lambda raw, _one: raw["master_keys"][ANN].update(usage=["self_signing"]),
    "two master keys": lambda raw, _one: raw["master_keys"][ANN]["keys"].update({"ed25519:x": "x"}),
    "another's master": lambda raw, _one: raw["master_keys"][ANN].update(user_id="@eve:x"),
    "no keys": lambda _raw, one: one.pop("keys"),
    "a list": lambda raw, _one: raw["device_keys"][ANN].update(D1=[]),
    "a list of keys": lambda raw, _one: raw["master_keys"][ANN].update(keys=[]),
    "half a character": lambda _raw, one: one["keys"].update({"curve25519:D1": "\ud800"}),
    "garbage signature": lambda _raw, one: one.update(signatures={ANN: dict.fromkeys(one["signatures"][ANN], "????")}),
}


@pytest.mark.parametrize("how", BREAKS)
def test_broken_chain(how: str) -> None:
    """Where any link is broken there is no sound device."""
    raw = copy.deepcopy(answer({"D1": device()}))
    BREAKS[how](raw, raw["device_keys"][ANN]["D1"])

    assert published(ANN, raw).devices == ()


@pytest.mark.parametrize("raw", [{}, {"device_keys": []}, {"master_keys": {ANN: 5}}, {"device_keys": {ANN: [1]}}])
def test_odd_answers(raw: dict[str, Any]) -> None:
    """An odd answer has no devices and raises nothing."""
    assert published(ANN, raw).devices == ()


def test_upload_is_signed_by_the_master() -> None:
    """The master signs the other two, under its own public key."""
    body, master = SEEDS.upload(ANN), public_of(SEEDS.master)

    assert all(is_signed(body[name], ANN, master, master) for name in ("self_signing_key", "user_signing_key"))
    assert "signatures" not in body["master_key"]


def test_foreign_signatures_are_dropped() -> None:
    """What we sign again carries our signature only."""
    once = with_signature(b"a" * 32, {"x": 1}, ANN)

    twice = with_signature(b"b" * 32, once, ANN)

    assert [f"ed25519:{public_of(b'b' * 32)}"] == list(twice["signatures"][ANN])


def test_seeds_are_kept_sealed(tmp_path: Path) -> None:
    """Seeds are made once, sealed and private; another key or a changed file is refused."""
    path, key = tmp_path / "seeds", b"k" * 32

    seeds, fresh = load_or_make(path, key)
    again, fresh_again = load_or_make(path, key)

    assert (seeds, True, False) == (again, fresh, fresh_again)
    assert path.stat().st_mode & 0o077 == 0
    data = path.read_bytes()
    assert all(part not in data for seed in (seeds.master, seeds.self_signing) for part in (seed, seed.hex().encode()))
    with pytest.raises(StoreUnreadable):
        load_or_make(path, b"x" * 32)
    path.write_bytes(data[:-1])
    with pytest.raises(StoreUnreadable):
        load_or_make(path, key)
    assert "master" not in repr(seeds)
