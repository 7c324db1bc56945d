"""A quiet word at tea time."""

from supportd_tea_time.plugin import TeaTime

__all__ = ["TeaTime"]
