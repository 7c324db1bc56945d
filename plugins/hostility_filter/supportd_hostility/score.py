"""`python -m supportd_hostility score`: JSON lines in, one line out each, in order; nothing a line holds can stop it."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, Final

from .judge import LONGEST, Judge

NEEDS: Final = 'Send one JSON object a line, like {"id": 1, "text": "..."}.'
CHUNK: Final = 1 << 16


def lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line without its end; None for one that is too long, read to its end and not kept."""
    while line := source.readline(LONGEST + 3):
        if line.endswith(b"\n") or len(line) <= LONGEST + 2:
            kept = line.rstrip(b"\r\n")
            yield kept if len(kept) <= LONGEST else None
            continue
        while (rest := source.readline(CHUNK)) and not rest.endswith(b"\n"):
            pass
        yield None


def _error(sentence: str, name: Any = None) -> dict[str, Any]:
    return {"id": name, "error": sentence}


def _not_a_number(_: str) -> None:
    return None


def _whole(digits: str) -> int | float | str:
    """Read a whole number of any length; a very long one stays as it was written."""
    return int(digits) if len(digits) <= 300 else digits  # noqa: PLR2004 - beyond it no double either


def _named(value: Any) -> Any:
    """Return an id that is a string or a finite number, else None."""
    return value if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value == value else None  # noqa: PLR0124


def answer(judge: Judge, line: bytes | None) -> dict[str, Any]:
    """Return what one line gets."""
    if line is None:
        return _error("This line is longer than 1 MiB: send a shorter text.")
    try:
        given = json.loads(line.decode("utf-8-sig", "replace"), parse_constant=_not_a_number, parse_int=_whole)
    except RecursionError:
        return _error("This line is nested too deeply: send a flat object with id and text.")
    except ValueError:
        return _error(f"This line is not JSON. {NEEDS}")
    if not isinstance(given, dict):
        return _error(f"This line is no JSON object. {NEEDS}")
    name = _named(given.get("id"))
    text = given.get("text")
    if not isinstance(text, str):
        return _error("The text is missing or is no string: send it under the key text.", name)
    language = given.get("language")
    verdict = asdict(judge.judge(text, language if isinstance(language, str) else None))
    return {"id": name, **verdict, "harms": list(verdict["harms"])}


def run(judge: Judge, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer every line until the end of the input."""
    for line in lines(source):
        try:
            told = answer(judge, line)
        except Exception as problem:  # noqa: BLE001 - one line never ends the process, and its words never reach stderr
            sys.stderr.write(f"A line could not be judged ({type(problem).__name__}).\n")
            told = _error("This line could not be judged: report it without its words.")
        sink.write(json.dumps(told, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n")
        sink.flush()
