"""The program ``supportd``: what a person types, and what they read back."""

from supportd.cli.main import main

__all__ = ["main"]
