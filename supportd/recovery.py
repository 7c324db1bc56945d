"""The recovery sheet: a passphrase on paper opens one sealed file that holds everything a lost machine held.

Matrix shows a replaced cross-signing identity to every member like a stolen account (``matrix.md`` 1.1), so the way back
is the old keys, never new ones.
"""

from __future__ import annotations

import base64
import json
import os
import re
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAGIC: Final = b"supportd recovery 1\n"
_SALT: Final = 16
_NONCE: Final = 12
# RFC 7914; 128 MiB and about half a second, once in a lifetime.
_N, _R, _P = 2**17, 8, 1
# What the words are made of (RFC 4648 base32), and the line on the sheet that has them.
_NO_LETTER: Final = re.compile(r"[^A-Z2-7]")
_LINE: Final = re.compile(r"\bWORDS\s*:(.*?)(?:\n\s*\n|\Z)", re.DOTALL)


class RecoveryRefused(SupportdError):
    """The recovery file does not open with these words: check them against the sheet, one group of letters after the other."""

    status = 78


class NoRecoveryFile(RecoveryRefused):
    """This is no recovery file, or only a part of one: name the file recovery.sealed, or its copy, with --file."""

    status = 78


def new_passphrase() -> str:
    """Return 160 random bits as eight groups of four letters and digits (RFC 4648 base32), for a sheet of paper."""
    letters = base64.b32encode(os.urandom(20)).decode()
    return "-".join(letters[at : at + 4] for at in range(0, 32, 4))


def seal(passphrase: str, secrets: Mapping[str, str]) -> bytes:
    """Return the recovery file: ``secrets`` as JSON, sealed under ``passphrase`` (scrypt, then ChaCha20-Poly1305)."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    body = json.dumps(dict(secrets), sort_keys=True).encode()
    return _MAGIC + salt + nonce + ChaCha20Poly1305(_stretch(passphrase, salt)).encrypt(nonce, body, _MAGIC)


def open_sealed(passphrase: str, data: bytes) -> dict[str, str]:
    """Return what :func:`seal` took, or raise :class:`RecoveryRefused`; the words may be typed in any form that keeps their letters."""
    head = len(_MAGIC)
    if not data.startswith(_MAGIC) or len(data) < head + _SALT + _NONCE:
        raise NoRecoveryFile
    salt, nonce = data[head : head + _SALT], data[head + _SALT : head + _SALT + _NONCE]
    try:
        body = ChaCha20Poly1305(_stretch(passphrase, salt)).decrypt(nonce, data[head + _SALT + _NONCE :], _MAGIC)
    except InvalidTag:
        raise RecoveryRefused from None
    found: dict[str, str] = json.loads(body)
    return found


def sheet(passphrase: str, *, group: str, file: Path) -> str:
    """Return the sheet as text: to be printed, kept by two people in two places, and deleted from the machine."""
    return f"""RECOVERY SHEET for the helper program of the group “{group}”

Keep this sheet on paper, in two places, with two people. Whoever has it together with
the recovery file can read what the program can read.

Words:  {passphrase}

What to do when the machine is lost:
 1. Set up a new machine with the same version of supportd.
 2. Put the last backup of the folder there, and the file {file.name}. Keep a copy of
    both away from the machine, from today on.
 3. Run: supportd recover --file {file.name}. Give the words above.
 4. Run: supportd restore --file {file.name}. The keys in a backup are too old to go on
    with: this gives the program new ones, and members see no stranger.

Do not make new keys instead: to every member that would look like a stolen account.
"""


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(_folded(passphrase).encode())


def _folded(typed: str) -> str:
    """Return the letters of the words alone: editors add dashes, blanks, line breaks and marks, and people copy the sheet's whole line."""
    text = typed.replace("\0", "").upper()
    line = _LINE.search(text)
    return _NO_LETTER.sub("", line[1] if line is not None else text)
