"""Names of people as they may be shown: one line, nothing invisible, nothing that turns the text around it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Control signs, joiners and fillers without a shape, and signs that change the direction of text (Unicode TR 36, UAX 9).
_INVISIBLE: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


#: The most characters of a name that somebody chooses.
LONGEST_CHOSEN: Final = 40


def visible(name: str) -> str:
    """Return ``name`` in one line without what cannot be seen (NFC); may be empty."""
    # Line breaks are white space to Python, so they become blanks before control signs go.
    return " ".join(_INVISIBLE.sub("", " ".join(unicodedata.normalize("NFC", name).split())).split())


def name_fits(name: str) -> bool:
    """Tell whether somebody may be called ``name``: 1 to 40 characters in one line, all visible, with a letter or a digit in it."""
    return 0 < len(name) <= LONGEST_CHOSEN and name == visible(name) and any(sign.isalnum() for sign in name)
