"""The strict third-party client of the demo, for tests: skipped, or failing in CI, where it is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.demo import strict
from supportd.demo.strict import Strict as Client
from tests.support.fixtures import skip_or_fail

if TYPE_CHECKING:
    from typing import Self

    from supportd.matrix.accounts import Login


class Strict(Client):
    """One member with such a client."""

    @classmethod
    async def start(cls, base_url: str, login: Login, password: str) -> Self:
        """Start it, or skip the test."""
        if not strict.installed():
            skip_or_fail("the strict client is not installed (make .venv-strict/.made)")
        return await super().start(base_url, login, password)
