"""From a message to an action with a reason that its author could read."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from .encoder import Encoder
from .harms import HARMS, HEADS, QUEUES
from .ngram import NgramModel, logistic
from .normalise import normalise

Action = Literal["deliver", "review", "hold"]
LINE: Final = 0.5
HOSTILE: Final = HEADS.index("hostile")
CRISIS: Final = HEADS.index("crisis")
DOUBT: Final = -3.5
"""Where the small model's sum is below it, it alone delivers; above, the encoder, where there is one, has its say."""
SECOND: Final = 0.7
"""How much the encoder's sum counts."""
REVIEW: Final = 0.27
SEVERAL: Final = 0.3
"""A named harm counts from here; the strongest is named in any case."""
VERSION: Final = "0.1.0"
LONGEST: Final = 1 << 20
REASONS: Final[Mapping[str, str]] = {
    "insult": "This reads as an insult to somebody here.",
    "contempt": "This reads as looking down on somebody here.",
    "belittling": "This reads as mocking how somebody here speaks, spells or thinks.",
    "illness_denial": "This reads as telling somebody that they are not really ill.",
    "blame": "This reads as telling somebody that their illness or loss is their own fault.",
    "shaming": "This reads as shaming somebody.",
    "exclusion": "This reads as telling a member that they do not belong here.",
    "hate": "This reads as being against a whole group of people.",
    "threat": "This reads as a threat.",
    "privacy_threat": "This reads as a threat to tell others who somebody is or what they said here.",
    "urging_harm": "This reads as telling somebody to harm themselves.",
    "sexual": "This reads as a sexual remark that nobody here asked for.",
    "disclosure": "Somebody seems to be in great distress, so a person is told and the message is delivered.",
    "method_detail": "This seems to say how somebody could harm themselves, so a person looks first.",
    "unsafe_advice": "This seems to be advice that could harm somebody who follows it, so a person looks.",
    "sales": "This seems to sell or collect something, so a person looks.",
    "press": "This seems to ask members for a study or a report, so a person looks.",
}
NOTHING: Final = "Nothing here needs a person's eye."


@dataclass(frozen=True)
class Verdict:
    """What one message is; scores 0 to 1, the decision line is 0.5."""

    score: float
    hate: float
    crisis: float
    action: Action
    support: bool
    harms: tuple[str, ...]
    reason: str
    model: str


class Judge:
    """Holds the models; every answer depends on the message alone."""

    def __init__(self, small: NgramModel, encoder: Encoder | None = None) -> None:
        """Take the small model and, where the extra is installed, the encoder."""
        self._small = small
        self._encoder = encoder
        stages = f"normalise+ngram:{small.digest}" + (f"+encoder:{encoder.digest}" if encoder else "")
        self.model = f"supportd-hostility {VERSION} {stages}"

    def judge(self, text: str, language: str | None = None) -> Verdict:
        """Return the verdict on one message; languages other than English are at most reviewed."""
        plain = normalise(text)
        if not any(one.isalnum() for one in plain):
            return Verdict(0.0, 0.0, 0.0, "deliver", support=False, harms=(), reason=NOTHING, model=self.model)
        sums = self._small.sums(plain)
        if self._encoder is not None and max(sums[HOSTILE], sums[CRISIS]) >= DOUBT:
            second = self._encoder.sums(plain)
            # Somebody in distress is heard if either model hears them: a needless signpost costs less than a missed one.
            crisis = max(sums[CRISIS], second[CRISIS])
            sums = (1 - SECOND) * sums + SECOND * second
            sums[CRISIS] = crisis
        scores = dict(zip(HEADS, (float(one) for one in logistic(sums)), strict=True))
        english = language is None or language.lower().split("-")[0].split("_")[0] in {"en", ""}
        return self._decided(scores, english=english)

    def _decided(self, scores: Mapping[str, float], *, english: bool) -> Verdict:
        score, hate, crisis = (round(min(1.0, max(0.0, scores[head])), 4) for head in ("hostile", "hate", "crisis"))
        support = crisis >= LINE
        method = scores["method_detail"] >= LINE
        harms = self._harms(scores, score, hate, support=support, method=method)
        action: Action = "deliver"
        if method or (score >= LINE and english and not support):
            action = "hold"
        elif score >= REVIEW or any(one in QUEUES for one in harms):
            action = "review"
        if not english and action == "hold":
            action = "review"
        if support and not method:
            action = "deliver"
        reason = REASONS["disclosure" if support and not method else harms[0]] if harms else NOTHING
        return Verdict(score, hate, crisis, action, support or method, harms, reason, self.model)

    @staticmethod
    def _harms(scores: Mapping[str, float], score: float, hate: float, *, support: bool, method: bool) -> tuple[str, ...]:
        found: list[tuple[float, str]] = []
        if score >= REVIEW:
            kinds = sorted(((scores[harm], harm) for harm in HARMS), reverse=True)
            found.extend(one for one in kinds if one[0] >= SEVERAL)
            if hate >= LINE:
                found.append((hate, "hate"))
            if not found:
                found.append(kinds[0])
        found.extend((scores[queue], queue) for queue in QUEUES if scores[queue] >= LINE)
        if method:
            found.append((1.0, "method_detail"))
        names = [name for _, name in sorted(found, key=lambda one: (-one[0], one[1]))]
        return ("disclosure", *names) if support else tuple(names)


def quiet() -> None:
    """Keep libraries from writing to stderr, which must never show words of a message."""
    logging.getLogger("onnxruntime").setLevel(logging.CRITICAL)
