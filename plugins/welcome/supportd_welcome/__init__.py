"""The first days of a newcomer."""

from supportd_welcome.plugin import Welcome

__all__ = ["Welcome"]
