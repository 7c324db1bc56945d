"""A plugin's settings: one frozen model is the form, the help and the documentation."""

from __future__ import annotations

import string
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Field", "NoSettings", "Settings", "Template", "render"]


class Settings(BaseModel):
    """Settings of a plugin; every field has a description, an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Raised when the meaning of a field changes; then ``migrate`` is called with older values.
    settings_version: ClassVar[int] = 1

    @classmethod
    def migrate(cls, version: int, values: dict[str, object]) -> dict[str, object]:
        """Return ``values`` stored under an older ``version`` in today's form."""
        del version
        return values


class NoSettings(Settings):
    """For a plugin that has nothing to set."""


#: The names that a text edited by a group may mention in braces.
PLACEHOLDERS = frozenset({"group", "member", "helper", "link", "when"})


def _known_placeholders(text: str) -> str:
    if any(ord(sign) < ord(" ") and sign not in "\n\t" for sign in text):
        sentence = "a text for people has no control characters; write it again without them."
        raise ValueError(sentence)
    for _literal, name, _spec, _conversion in string.Formatter().parse(text):
        if name is not None and name not in PLACEHOLDERS:
            known = ", ".join(f"{{{one}}}" for one in sorted(PLACEHOLDERS))
            sentence = f"{{{name}}} is not known here; use one of {known}, or write the sentence without braces."
            raise ValueError(sentence)
    return text


#: A text that a group may edit, with ``{member}``, ``{group}`` and so on in braces.
Template = Annotated[str, AfterValidator(_known_placeholders)]


def render(template: str, **values: str) -> str:
    """Fill the braces of ``template``; a value never opens braces of its own."""
    parts: list[str] = []
    for literal, name, _spec, _conversion in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(values.get(name, ""))
    return "".join(parts)
