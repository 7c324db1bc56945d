"""Which answer somebody gave to an ask, and when an ask is answered; the rules lie in the sdk, whose kit plays them too."""

from supportd.sdk._asking import by_reaction, by_word, overlaps, plain_reaction, plain_word, winner

__all__ = ["by_reaction", "by_word", "overlaps", "plain_reaction", "plain_word", "winner"]
