"""The stage: a homeserver, an installation of supportd, and people with real encrypted clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supportd.demo import strict
from supportd.demo.child import Daemon, supportd, synapse_python
from supportd.demo.person import Person
from supportd.demo.strictperson import StrictPerson
from supportd.demo.synapse import Synapse
from supportd.errors import SupportdError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from supportd.demo.show import Show
    from supportd.matrix.member import Seen

#: The group of the evening. Neutral, because the homeserver can read it.
GROUP: Final = "thursday"
GROUP_NAME: Final = "Thursday evenings"
#: Everybody's password here; the homeserver is on loopback and ends with the demo.
PASSWORD: Final = "thursday-evening"  # noqa: S105 - see above


class CommandBroke(SupportdError):
    """The command supportd {words} ended with status {status}: {output}."""


class Stage:
    """Everything that has to be taken down again, in one place."""

    def __init__(self, show: Show, keep: Path | None, port: int) -> None:
        """Use ``keep``, or a temporary folder that goes away."""
        self.show = show
        self.people: dict[str, Person | StrictPerson] = {}
        self.names: dict[str, str] = {}
        self._keep, self._port = keep, port
        self._tasks: list[asyncio.Task[None]] = []
        self.folder = Path()

    async def __aenter__(self) -> Self:
        """Make the folder; nothing runs yet."""
        if self._keep is None:
            self.folder = Path(tempfile.mkdtemp(prefix="supportd-demo-"))
        else:
            self.folder = self._keep.absolute()
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.synapse = Synapse(self.folder / "synapse", synapse_python(), self._port or None)
        self.home = self.folder / "supportd"
        self.daemon = Daemon(self.home, self.folder / "supportd.log")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take everything down, whatever happened."""
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for member in self.people.values():
                with contextlib.suppress(Exception):
                    await member.close()
            await self.daemon.stop()
            await self.synapse.stop()
        finally:
            if self._keep is None:
                _clear(self.folder)

    def user(self, name: str) -> str:
        """Return the Matrix id of somebody of the evening."""
        return f"@{name.lower()}:{self.synapse.server_name}"

    async def sign_up(self, name: str) -> Person | StrictPerson:
        """Give somebody an account, a device and cross-signed keys."""
        login = await self.synapse.register(name.lower(), PASSWORD, device_id=name.upper())
        member: Person | StrictPerson
        if name == STRICT and strict.installed():
            member = await StrictPerson.sign_up(self.synapse.base_url, login, PASSWORD)
        else:
            member = await Person.sign_up(self.synapse.base_url, login, self.folder / "people" / name.lower())
        self.people[name], self.names[member.user_id] = member, name
        return member

    async def command(self, *words: str) -> dict[str, object]:
        """Give a supportd command as an admin would, and return its JSON answer."""
        status, output = await supportd(*words, "--folder", str(self.home), "--json")
        if status != 0:
            raise CommandBroke(words=" ".join(words), status=status, output=output)
        found: dict[str, object] = json.loads(output.splitlines()[-1])
        return found

    async def set_up(self) -> None:
        """Give ``supportd init`` as an operator would."""
        secret = self.folder / "registration-secret"
        secret.touch(mode=0o600)
        secret.write_text(self.synapse.registration_secret, encoding="utf-8")
        await self.command(
            *("init", "--homeserver", self.synapse.base_url, "--server-name", self.synapse.server_name),
            *("--group", GROUP, "--group-name", GROUP_NAME, "--language", "en", "--zone", "Europe/London"),
            *("--admin", self.user("Jo"), "--admin-name", "Jo", "--registration-secret-file", str(secret), "--port", "0"),
        )
        self.names[f"@helper:{self.synapse.server_name}"] = "Helper"

    @property
    def bot(self) -> str:
        """The Matrix id of the reader account."""
        return f"@helper:{self.synapse.server_name}"

    def alone(self, name: str, circle: str) -> list[Seen]:
        """Return what the helper wrote to one person outside of the circle: to them alone."""
        return [seen for seen in self.people[name].timeline if seen.sender == self.bot and seen.room != circle]

    def listen(self, name: str) -> None:
        """Let somebody's client sync from now on, and show what it reads from others."""
        self._tasks.append(asyncio.create_task(self._listen(name), name=f"client of {name}"))

    async def _listen(self, name: str) -> None:
        member, shown = self.people[name], set[str]()
        while True:
            await member.sync(5.0)
            for seen in member.timeline:
                if seen.event not in shown:
                    self._show(name, seen)
            shown |= {seen.event for seen in member.timeline}

    def _show(self, name: str, seen: Seen) -> None:
        sender = self.names.get(seen.sender, "Somebody")
        # One person's view is enough for the room; what the helper writes is shown for everybody.
        if sender != name and (sender == "Helper" or name == WITNESS):
            self.show.heard(name, sender, seen.text)

    async def until(self, check: object, seconds: float = 30.0) -> None:
        """Wait until ``check()`` is true; raises :class:`TimeoutError`."""
        assert callable(check)  # noqa: S101 - the signature says object so that lambdas of any answer fit
        async with asyncio.timeout(seconds):
            while not check():
                for task in self._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.02)


#: Whose client shows what is said in the circle.
WITNESS: Final = "Tom"
#: Who uses a program of somebody else's making, where it is installed.
STRICT: Final = "Mei"


def _clear(folder: Path) -> None:
    """Remove a folder, again for up to two seconds where something that was interrupted writes a last file into it."""
    deadline = time.monotonic() + 2.0
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < deadline:
        # On purpose not a wait of the loop, which a second Ctrl-C would end: this is the last thing done.
        time.sleep(0.05)
        shutil.rmtree(folder, ignore_errors=True)
