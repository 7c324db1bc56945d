"""The errors a person may meet: each says in one sentence what to do."""

from __future__ import annotations

import inspect
from typing import ClassVar


class SupportdError(Exception):
    """Something went wrong in supportd; read the sentence and try again."""

    #: Exit status of a command that ends with this error (sysexits.h).
    status: ClassVar[int] = 1

    def __init__(self, **details: object) -> None:
        """Fill the braces of the class docstring, which is the message, with ``details``."""
        self.details = details
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Return the message for a person, in one line."""
        template = " ".join((inspect.getdoc(type(self)) or "").split())
        return template.format(**self.details)

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence()


class Fault(SupportdError):
    """Something outside of supportd does not work; see the sentence of the error itself."""


class ConfigurationError(SupportdError):
    """The configuration cannot be used: {problem}."""

    #: EX_CONFIG of sysexits.h: a service manager must not restart on it.
    status = 78
