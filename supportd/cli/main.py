"""Reading the command line; each command's work is in a file of its own, loaded when it is needed."""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from supportd import __version__, logs
from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Every command of the core; any other first word is a plugin's.
COMMANDS = ("init", "recover", "restore", "check", "run", "version", "demo", "plugins", "settings", "people", "journal", "ask")
_EX_USAGE = 64


class _Parser(argparse.ArgumentParser):
    """A parser that says what to do in one sentence."""

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:].rstrip('.')}: see {self.prog} --help."
        print(sentence, file=sys.stderr)
        raise SystemExit(_EX_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line and return the exit status (sysexits.h: 64 wrong words, 78 configuration)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = make_parser()
    if given and not given[0].startswith("-") and given[0] not in COMMANDS:
        if (status := _status(lambda: _offline(given))) is not None:
            return status
        if not difflib.get_close_matches(given[0], COMMANDS):
            # The first word of a plugin's command, which only the daemon knows.
            given.insert(0, "ask")
    chosen, rest = parser.parse_known_args(given)
    if rest:
        # A plugin's commands are known to the plugin only; the core's own take no words they do not declare.
        parser.error(f"{rest[0]} is not understood")
    if chosen.command != "run":
        # These commands speak to a person (or a program) themselves.
        logs.silence()
    as_json = bool(getattr(chosen, "json", False)) and chosen.command != "demo"
    status = _status(lambda: _function(chosen.function)(chosen), as_json=as_json)
    return 0 if status is None else status


def _status(command: Callable[[], int | None], *, as_json: bool = False) -> int | None:
    """Carry out a command and return its status; what a person may meet is said in one sentence."""
    try:
        return command()
    except SupportdError as error:
        if as_json:
            print(json.dumps({"error": type(error).__name__, "sentence": str(error)}, ensure_ascii=False))
        else:
            print(error, file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us has seen enough; a second write while Python ends would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _offline(given: Sequence[str]) -> int | None:
    """Carry out a plugin's command that needs no daemon; ``None`` if it is none."""
    from supportd.cli.offline import offline  # noqa: PLC0415 - the core's own commands do not need it

    logs.silence()
    return offline(given)


def _function(path: str) -> Callable[[argparse.Namespace], int]:
    module, _, name = path.partition(":")
    found: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(module), name)
    return found


def default_folder() -> Path:
    """Return the installation's folder: the service manager's, or ``.supportd`` here."""
    return Path(os.environ.get("STATE_DIRECTORY", "").split(":")[0] or ".supportd")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser for the whole program."""
    parser = _Parser(prog="supportd", description="Helps closed peer-support groups that talk over Matrix.")
    parser.add_argument("--version", action="version", version=f"supportd {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _add_init(_one(commands, "init", "Set up an installation: accounts, keys, the first group", "supportd.cli.init:init"))
    recover = _one(commands, "recover", "Put keys back with the recovery sheet", "supportd.cli.recover:recover")
    recover.add_argument("--file", type=Path, required=True, metavar="FILE", help="the file recovery.sealed")
    recover.add_argument("--words-file", type=Path, metavar="FILE", help="a file with the words, instead of typing them")
    restore = _one(commands, "restore", "Bring the bot back when its keys are lost", "supportd.cli.restore:restore")
    restore.add_argument("--file", type=Path, required=True, metavar="FILE", help="the file recovery.sealed")
    restore.add_argument("--words-file", type=Path, metavar="FILE", help="a file with the words, instead of typing them")
    restore.add_argument("--password-file", type=Path, metavar="FILE", help="a file with the password of the account that is signed in")
    restore.add_argument("--accounts-file", type=Path, help="TOML file with user and password of each account, instead")
    check = _one(commands, "check", "Find what is wrong, and say how to mend it", "supportd.cli.check:check")
    check.add_argument("--antispam", action="store_true", help="also print what the homeserver needs to ask at the door")
    _one(commands, "run", "Run the daemon", "supportd.cli.run:run")
    _one(commands, "version", "Print the versions of supportd and of what it stands on", "supportd.cli.version:version")
    _add_demo(_one(commands, "demo", "Watch one evening of a group on a real homeserver", "supportd.cli.demo:demo", folder=False))
    for name, help_ in {
        "plugins": "list, on NAME, off NAME, shadow NAME",
        "settings": "show PLUGIN, set PLUGIN KEY VALUE, history PLUGIN, undo PLUGIN",
        "people": "add NAME [MATRIX-ID] [ROLE], list, export NAME, forget NAME, trust NAME",
        "journal": "what was done and why",
        "ask": "any command of a plugin, for example: ask rooms list",
    }.items():
        talk = _one(commands, name, help_, "supportd.cli.talk:talk")
        talk.add_argument("--group", default="", help="which group; may be left out when there is only one")
        talk.add_argument("words", nargs="*", metavar="WORDS", help=help_)
    return parser


def _one(commands: argparse._SubParsersAction[_Parser], name: str, help_: str, function: str, *, folder: bool = True) -> _Parser:
    parser = commands.add_parser(name, help=help_, description=f"{help_}.")
    parser.set_defaults(function=function)
    if folder:
        parser.add_argument("--folder", type=Path, default=default_folder(), help="the installation's folder (default: .supportd)")
        parser.add_argument("--json", action="store_true", help="answer in JSON")
    return parser


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--homeserver", help="address of the homeserver, for example https://matrix.example.org")
    parser.add_argument("--server-name", help="the part of Matrix ids behind the colon")
    parser.add_argument("--group", help="short name of the group, for example thursday")
    parser.add_argument("--group-name", help="the group's name for people; keep it neutral, the server can read it")
    parser.add_argument("--language", default=None, help="language of the group, for example en or de")
    parser.add_argument("--zone", default=None, help="time zone of the group, for example Europe/London")
    parser.add_argument("--admin", help="Matrix id of the person who runs the group")
    parser.add_argument("--admin-name", help="what the group calls that person")
    parser.add_argument("--registration-secret-file", type=Path, help="file with Synapse's registration_shared_secret: makes the accounts")
    parser.add_argument("--accounts-file", type=Path, help="TOML file with user and password of each account: takes them")
    parser.add_argument("--one-account", action="store_true", help="one account for all three, on a foreign server (weaker, see the docs)")
    parser.add_argument("--store", default="", help="postgresql://name@host/database; left out: an encrypted SQLite file")
    parser.add_argument("--no-cipher", action="store_true", help="leave the SQLite files readable")
    parser.add_argument("--port", type=int, default=8470, help="port of the web side on loopback; 0: the system chooses")
    parser.add_argument("--public-url", default="", help="how members reach the web side from outside")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="end after the evening, with status 0 or 1, and clean up")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep everything in this folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to this file")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also save what was shown as a picture (SVG)")
    parser.add_argument("--port", type=int, default=0, help="port of the homeserver; 0: the system chooses")
