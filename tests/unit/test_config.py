"""The file ``supportd.toml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.config import FILE, load, render
from supportd.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[homeserver]
url = "http://127.0.0.1:8008/"
server_name = "example.org"
[accounts]
creator = "@a:example.org"
doorkeeper = "@b:example.org"
reader = "@c:example.org"
"""


def write(folder: Path, text: str) -> Path:
    """Write the file and return its folder."""
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_left_out_parts_have_sound_defaults(tmp_path: Path) -> None:
    """A file with the homeserver and the accounts is enough: an encrypted store in the folder, the web on loopback."""
    config = load(write(tmp_path, GOOD))

    assert config.homeserver.url == "http://127.0.0.1:8008"
    assert config.store.cipher
    assert config.store_url == f"sqlite:///{tmp_path}/store/supportd.db"
    assert config.web.host == "127.0.0.1"
    assert config.plugins.allow_in_process == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the key homeserver is missing"),
        (GOOD + "[web]\nprot = 80\n", "the key web.prot is not known; did you mean web.port"),
        (GOOD + "[web]\nport = 80000\n", "the key web.port cannot be used"),
        (GOOD.replace("http://", "ftp://"), "must start with http:// or https://"),
        (GOOD + "[stroe]\n", "the key stroe is not known; did you mean store"),
        ("homeserver = [", "is not TOML"),
        (GOOD.replace("[homeserver]", 'folder = "x"\n[homeserver]'), "take the key folder out"),
        ('[log]\nformat = "xml"\n' + GOOD, "the key log.format cannot be used"),
    ],
)
def test_a_wrong_file_gets_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """A file that cannot be used is refused with status 78 and one sentence that names the key."""
    with pytest.raises(ConfigurationError) as caught:
        load(write(tmp_path, text))

    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.status == 78


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """Without a file the sentence names ``supportd init``."""
    with pytest.raises(ConfigurationError, match="run supportd init first"):
        load(tmp_path)


def test_what_init_writes_is_read_back(tmp_path: Path) -> None:
    """A rendered file loads with the same values, also with quotation marks and backslashes in them."""
    values: dict[str, dict[str, object]] = {
        "homeserver": {"url": "https://m.example.org", "server_name": "example.org"},
        "accounts": {"creator": '@a"\\x:e', "doorkeeper": "@b:e", "reader": "@c:e"},
        "store": {"url": "", "cipher": False},
        "web": {"port": 0},
        "plugins": {"allow_in_process": ["tea_time"]},
    }

    text = render(values)
    config = load(write(tmp_path, text))

    assert config.accounts.creator == '@a"\\x:e'
    assert config.store.cipher is False
    assert config.plugins.allow_in_process == ("tea_time",)
    assert all(line.startswith("# ") for before, line in zip(text.splitlines()[3:], text.splitlines()[2:], strict=False) if " = " in before)
