"""Logging that cannot leak: only known keys pass, identifiers are keyed short hashes."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_KEYS: Final = (
    *("event", "level", "timestamp", "group", "plugin", "kind", "effects", "events", "took_ms", "account", "room", "id", "reason"),
    *("count", "attempts", "state", "status", "port", "version", "backend", "seconds", "error", "point", "revision", "dropped"),
    *("refused", "lane", "command", "code", "pid"),
)
#: The only keys a log line may carry; any other key is dropped and counted in ``dropped``.
ALLOWED_KEYS: Final = frozenset(_KEYS)

_key = os.urandom(32)


def use_key(key: bytes) -> None:
    """Use ``key`` for the short hashes, so that they stay comparable over restarts of one installation."""
    global _key  # noqa: PLW0603 - one key a process, set once at start
    _key = hmac.digest(key, b"supportd log identifiers", "sha256")


def short(identifier: str) -> str:
    """Return a keyed hash of ``identifier``, 8 hexadecimal digits, that means nothing outside this installation."""
    return hmac.new(_key, identifier.encode(), hashlib.sha256).hexdigest()[:8]


def _only_allowed(_logger: object, _name: str, line: MutableMapping[str, object]) -> MutableMapping[str, object]:
    kept = {key: _plain(value) for key, value in line.items() if key in ALLOWED_KEYS}
    if len(kept) < len(line):
        kept["dropped"] = len(line) - len(kept)
    return kept


def _plain(value: object) -> object:
    # An exception's text may quote a member, so only the name of its class passes.
    if isinstance(value, BaseException):
        return type(value).__name__
    return value if isinstance(value, (int, float, bool)) else str(value)[:200]


def configure(stream: TextIO | None = None, *, level: int = logging.INFO, as_json: bool = True) -> None:
    """Send one line an event to ``stream`` (default: standard error), as JSON or as text for a person."""
    _shape(stream, level, as_json=as_json)
    # Libraries speak through the standard library: their texts may quote members, so only names of loggers pass.
    logging.basicConfig(handlers=[_NamesOnly(logging.WARNING)], level=logging.WARNING, force=True)


def silence() -> None:
    """Write nothing from this process, for a program that talks to a person itself."""
    configure(level=logging.CRITICAL)
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


def _shape(stream: TextIO | None, level: int, *, as_json: bool) -> None:
    end: structlog.typing.Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _only_allowed,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            end,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


class _NamesOnly(logging.Handler):
    """Passes on that a library complained, never what it said."""

    def emit(self, record: logging.LogRecord) -> None:
        get_logger("library").warning("library.complained", kind=record.name, code=f"{record.filename}:{record.lineno}")


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger; ``name`` is for the reader of the code only."""
    del name
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


# Before anybody configures the log, and in tests, structlog would print every key: safe from the first import on.
_shape(None, logging.INFO, as_json=True)
