"""A PostgreSQL of our own for tests: in a temporary folder, on loopback and a socket, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

_BINARIES = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin")
_PROGRAMS = ("initdb", "pg_ctl", "postgres", "psql", "createdb", "dropdb")
_OWNER = "postgres"
_START_SECONDS = 30


def find_binaries() -> Path | None:
    """Return the folder that has all of PostgreSQL's programs we use, ``None`` when PostgreSQL is not installed."""
    for folder in (*os.environ.get("PATH", "").split(":"), *_BINARIES):
        if all(Path(folder, name).exists() for name in _PROGRAMS):
            return Path(folder)
    return None


@dataclass
class PostgresServer:
    """A server that can be started, stopped in any way and started again. Sign-in needs no password (loopback only)."""

    binaries: Path
    #: ``False`` is quicker and safe unless the machine itself loses power.
    fsync: bool = False
    folder: Path = field(init=False)
    port: int = field(init=False)
    _databases: int = 0

    def create(self) -> None:
        """Make the folder and its database cluster, and start."""
        self.folder = Path(tempfile.mkdtemp(prefix="supportd-pg-"))
        self.port = _free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, _OWNER)
        self._run("initdb", "-D", self._data, "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start, and return when sign-ins are answered."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "on" if self.fsync else "off",
            "max_connections": 40,
            "shared_buffers": "16MB",
            "autovacuum": "off",
        }
        flags = " ".join(f"-c {name}={value}" for name, value in options.items())
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self._data, "-w", "-t", str(_START_SECONDS), "-l", log, "-o", flags, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop; ``immediate`` is as hard as a crash."""
        self._run("pg_ctl", "-D", self._data, "-w", "-t", str(_START_SECONDS), "-m", mode, "stop")

    def destroy(self) -> None:
        """Stop for good and delete the folder."""
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGQUIT)
            _wait_until_gone(pid)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = _OWNER) -> str:
        """Return the store address of one of its databases."""
        return f"postgresql://{_OWNER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its store address."""
        self._databases += 1
        name = f"store_{self._databases}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", _OWNER, name)
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database that :meth:`new_database` made, whoever still uses it."""
        name = url.rpartition("/")[2]
        self._run("dropdb", "--force", "-h", "127.0.0.1", "-p", str(self.port), "-U", _OWNER, name)

    def sql(self, url: str, statement: str) -> str:
        """Run a statement as an operator would in a shell, and return what it prints."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _pid(self) -> int | None:
        try:
            return int(Path(self._data, "postmaster.pid").read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(self.binaries / program), *arguments]
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            command = ["runuser", "-u", _OWNER, "--", *command]
        # The server inherits the output of pg_ctl: a pipe would stay open for as long as it runs.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False, timeout=60
            )
            output.seek(0)
            text = output.read()
        if done.returncode != 0:
            message = f"{program} ended with {done.returncode}: {text}"
            raise RuntimeError(message)
        return text.strip()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_gone(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
