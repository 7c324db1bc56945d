"""Texts for people."""

from __future__ import annotations

from supportd.sdk.text import Catalogue

TEXTS = Catalogue(
    {
        "tea": {
            "en": {"normal": "Automatic message. It is tea time. Whoever likes can write a line. No reply needed."},
            "de": {"normal": "Automatische Nachricht. Es ist Teezeit. Wer mag, schreibt eine Zeile. Niemand muss antworten."},
        }
    }
)
