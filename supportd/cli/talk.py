"""Commands that the running daemon carries out: ``plugins``, ``settings``, ``people``, ``journal``, and those of plugins."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from supportd.config import load
from supportd.daemon.control import Request, ask

if TYPE_CHECKING:
    import argparse


def talk(chosen: argparse.Namespace) -> int:
    """Send the words to the daemon and print its answer."""
    words = tuple(chosen.words) if chosen.command == "ask" else (chosen.command, *chosen.words)
    request = Request(id=uuid.uuid4().hex, group=chosen.group, words=words)
    answer = ask(load(chosen.folder).socket, request)
    if chosen.json:
        print(json.dumps({"text": answer.text, **answer.data}, ensure_ascii=False))
    else:
        print(answer.text)
    return answer.status
