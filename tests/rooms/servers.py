"""Synapse as supportd recommends it, and plain requests with the whole answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from supportd.demo.synapse import Synapse
from tests.support.fixtures import skip_or_fail
from tests.support.synapse import synapse_python

if TYPE_CHECKING:
    from collections.abc import Mapping

RECOMMENDED = Path(__file__).parents[2] / "deploy" / "homeserver.recommended.yaml"
CLIENT = "_matrix/client/v3"
CLIENT_V1 = "_matrix/client/v1"


class Through:
    """The homeserver as somebody reaches it through a proxy."""

    def __init__(self, synapse: Synapse, url: str) -> None:
        """Reach ``synapse`` at ``url``."""
        self.base_url = url
        self._synapse = synapse

    def __getattr__(self, name: str) -> Any:
        """Be the homeserver in all else."""
        return getattr(self._synapse, name)


def python() -> Path:
    """Return the interpreter that has Synapse, or skip the test."""
    found = synapse_python()
    if found is None:
        skip_or_fail("Synapse is not installed (make .venv-synapse)")
        raise AssertionError
    return found


def recommended() -> dict[str, Any]:
    """Return the settings that we recommend, read by the YAML that Synapse itself reads with."""
    code = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    answer = subprocess.run([str(python()), "-c", code, str(RECOMMENDED)], capture_output=True, check=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def closed(folder: Path, **more: Any) -> Synapse:
    """Return a Synapse with the recommended settings, not started; ``more``: other settings."""
    server = Synapse(folder, python())
    server.extra |= recommended() | more
    return server


async def asked(
    base: str, method: str, where: str, body: Any = None, *, token: str = "", query: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Ask for ``where`` and return the status and the JSON of the answer, whatever they are."""
    url = URL(f"{base}/{where}", encoded=True)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url.update_query(query or {}), json=body, headers=headers) as answer,
    ):
        return answer.status, json.loads(await answer.text())


def quoted(text: str) -> str:
    """Return an id as it stands in a path."""
    return quote(text, safe="")
