"""Phrases in which key members ask for a room, in each language, and the texts that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.facts import Edition

#: Whole sentences, without regard to capital letters; ``kind`` and ``name`` are what was meant.
PHRASES: Final = (
    r"(?:please |can you |could you )*(?:make|open|create) (?:me |us )?(?:please )?a (?:new )?(?P<kind>(?:meeting |quiet )?room|small circle) (?:for|called|named) (?P<name>.+)",
    r"(?:bitte |kannst du |könntest du )*(?:mach|mache|öffne|erstelle) (?:mir |uns )?(?:bitte )?einen (?:neuen )?(?P<kind>(?:ruhigen )?raum|kleinen kreis) (?:für|namens) (?P<name>.+)",
)
#: What begins the people, and what stands between two.
WITH: Final = r" (?:with|mit) "
BETWEEN: Final = r",| and | und | & "
#: Words that say which kind of room it is; any other is a smaller circle.
KINDS: Final = ((r"\bquiet\b|\bruhige", "quiet"), (r"\bmeeting\b|\btreffen\b", "meeting"))
PLAIN: Final[Mapping[str, Mapping[str, Mapping[Edition, str]]]] = {
    "plain_question": {
        "en": {"normal": "Shall I make the room “{called}” for: {whom}? The homeserver can read the name. Answer yes or no."},
        "de": {"normal": "Soll ich den Raum „{called}“ machen, für: {whom}? Der Server kann den Namen lesen. Antworte ja oder nein."},
    },
    "plain_everybody": {"en": {"normal": "everybody"}, "de": {"normal": "alle"}},
    "plain_no": {
        "en": {"normal": "Good, I make none. You can say it in other words, or write: rooms create."},
        "de": {"normal": "Gut, ich mache keinen. Du kannst es anders sagen, oder schreib: rooms create."},
    },
}
