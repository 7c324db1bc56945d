"""The names of harms, and the heads of the models in the order of their columns."""

from typing import Final

HARMS: Final = ("insult", "contempt", "belittling", "illness_denial", "blame", "shaming", "exclusion", "threat",
                "privacy_threat", "urging_harm", "sexual")  # fmt: skip
"""Hostile to somebody here, by kind; `hate` is a head of its own."""
QUEUES: Final = ("unsafe_advice", "sales", "press")
"""Never called hostile; a person decides."""
HEADS: Final = ("hostile", "hate", "crisis", "method_detail", *QUEUES, *HARMS)
