"""A homeserver of our own for the demo and the tests: a real Synapse on the loopback interface, gone when we are."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from supportd.demo.bound import bound
from supportd.errors import SupportdError
from supportd.matrix.accounts import Login, log_in, register

if TYPE_CHECKING:
    from pathlib import Path

#: Seconds a Synapse may take to answer after its start, and to end after it was asked to.
PATIENCE: Final = 60.0

_NO_LIMIT: Final = {"per_second": 100000, "burst_count": 100000}


class SynapseFailed(SupportdError):
    """Synapse did not start; read {log} for the reason."""


class Synapse:
    """One Synapse as a child process, its data in a folder that may be thrown away."""

    server_name: str = "demo.local"

    def __init__(self, folder: Path, python: Path, port: int | None = None, *, limits: bool = False) -> None:
        """Keep everything in ``folder``; ``python`` runs ``matrix-synapse``; ``limits``: leave Synapse's default rate limits on."""
        self.folder = folder
        self.python = python
        self.port = port or free_port()
        self.limits = limits
        self.registration_secret = secrets.token_urlsafe(24)
        #: More of homeserver.yaml, for tests.
        self.extra: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """The address of its client-server API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None else None

    @property
    def log_path(self) -> Path:
        """Where it writes what it has to say."""
        return self.folder / "synapse.log"

    async def start(self) -> None:
        """Start it and wait until it answers; call it from a thread that lives on, the child dies with that thread."""
        self._write_config()
        command = bound(self.python, "synapse.app.homeserver", "-c", str(self.folder / "homeserver.yaml"))
        # A session of its own: Ctrl-C in our terminal is ours to handle, in order.
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - asyncio's child would die with its event loop; our own interpreter
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )
        try:
            await self._answers(self._process)
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        await self._end(signal.SIGKILL)

    async def register(self, username: str, password: str, *, admin: bool = False, device_id: str = "SUPPORTD") -> Login:
        """Make an account and sign it in on the device ``device_id``."""
        await register(self.base_url, self.registration_secret, username, password, admin=admin)
        return await log_in(self.base_url, username, password, device_id)

    async def _answers(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + PATIENCE
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < until and process.poll() is None:
                try:
                    async with session.get(f"{self.base_url}/health", timeout=aiohttp.ClientTimeout(total=2)) as response:
                        if response.status == 200:  # noqa: PLR2004 - RFC 9110
                            return
                except (aiohttp.ClientError, TimeoutError, OSError):
                    pass
                await asyncio.sleep(0.05)
        raise SynapseFailed(log=self.log_path)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:  # noqa: ASYNC110 - a process sets no asyncio event
            await asyncio.sleep(0.02)
        if process.poll() is None:
            process.kill()
        process.wait()

    def _write_config(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "homeserver.yaml"
        if config.exists():
            known = json.loads(config.read_text())
            self.registration_secret = known["registration_shared_secret"]
        key = self.folder / "signing.key"
        if not key.exists():
            key.write_text(f"ed25519 a_demo {base64.b64encode(secrets.token_bytes(32)).decode().rstrip('=')}\n")
        (self.folder / "log.yaml").write_text(json.dumps(_LOG))
        # JSON is YAML too.
        config.write_text(json.dumps(self._config(), indent=1))

    def _config(self) -> dict[str, Any]:
        listener = {
            "port": self.port, "type": "http", "tls": False, "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client"], "compress": False}],
        }  # fmt: skip
        return {
            "server_name": self.server_name,
            "public_baseurl": self.base_url + "/",
            "pid_file": str(self.folder / "synapse.pid"),
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "listeners": [listener],
            "log_config": str(self.folder / "log.yaml"),
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "registration_shared_secret": self.registration_secret,
            "macaroon_secret_key": _kept(self.folder / "macaroon.key"),
            "form_secret": _kept(self.folder / "form.key"),
            "enable_registration": False,
            "report_stats": False,
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "url_preview_enabled": False,
            "default_room_version": "12",
            "bcrypt_rounds": 4,
            **({} if self.limits else _lifted()),
            **self.extra,
        }


_LOG: Final = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "WARNING", "handlers": ["console"]},
    "disable_existing_loggers": False,
}


def _lifted() -> dict[str, Any]:
    single = (
        "rc_message", "rc_registration", "rc_joins_per_room", "rc_admin_redaction", "rc_room_creation", "rc_3pid_validation",
        "rc_key_requests", "rc_reports", "rc_media_create", "rc_delayed_event_mgmt",
    )  # fmt: skip
    return {
        **dict.fromkeys(single, _NO_LIMIT),
        "rc_joins": {"local": _NO_LIMIT, "remote": _NO_LIMIT},
        "rc_invites": {"per_room": _NO_LIMIT, "per_user": _NO_LIMIT, "per_issuer": _NO_LIMIT},
        "rc_login": {"address": _NO_LIMIT, "account": _NO_LIMIT, "failed_attempts": _NO_LIMIT},
        "rc_presence": {"per_user": _NO_LIMIT},
    }


def _kept(path: Path) -> str:
    # Tokens of earlier starts stay valid only under the same secret.
    if not path.exists():
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text()


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
