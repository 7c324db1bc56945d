"""The file ``supportd.toml``: what an operator decides, without secrets; secrets lie beside it."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from supportd.errors import ConfigurationError

#: The file's name inside the installation's folder.
FILE: Final = "supportd.toml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Homeserver(_Section):
    """Where the Matrix homeserver is."""

    url: str = Field(description="Address of the client-server API, for example http://127.0.0.1:8008.")
    server_name: str = Field(description="The part of Matrix ids behind the colon, for example example.org.")

    registration_token_file: str = Field(
        default="",
        description="A file with a registration token, in this folder unless it begins with /; with it invitations can make accounts.",
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")


class Accounts(_Section):
    """The three Matrix accounts; one account for all three where a foreign server gives no more."""

    creator: str = Field(description="Makes rooms and is sealed otherwise; a creator of room version 12 can never be demoted.")
    doorkeeper: str = Field(description="Invites, removes and sets powers; has no device keys and never posts.")
    reader: str = Field(description="Reads and writes, with a cross-signed device.")


class StoreSection(_Section):
    """Where supportd keeps its own rows."""

    url: str = Field(default="", description="postgresql://name@host/database; left out: an encrypted SQLite file in the folder.")
    cipher: bool = Field(default=True, description="false leaves SQLite files readable for everybody who has the disk.")


class Encryption(_Section):
    """How long the reader can read what members said."""

    window_hours: int = Field(
        default=72,
        ge=24,
        le=240,
        description="Hours for which words can be read again, for late messages and for letters; then their keys are deleted for good.",
    )


class Web(_Section):
    """What supportd serves on loopback."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; keep it on loopback, behind a proxy with TLS.")
    port: int = Field(default=8470, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    public_url: str = Field(default="", description="How members reach this from outside, for example https://help.example.org.")

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")


class PluginsSection(_Section):
    """Which plugins may run inside the daemon."""

    allow_in_process: tuple[str, ...] = Field(
        default=(), description="Names of strangers' plugins that you trust as much as supportd itself: they can read everything it can."
    )


class LogSection(_Section):
    """How the log looks."""

    format: str = Field(default="json", pattern="^(json|text)$", description="json for machines, text for people.")


class Config(_Section):
    """Everything in the file, and the folder it lies in."""

    folder: Path
    homeserver: Homeserver
    accounts: Accounts
    store: StoreSection = StoreSection()
    encryption: Encryption = Encryption()
    web: Web = Web()
    plugins: PluginsSection = PluginsSection()
    log: LogSection = LogSection()

    @property
    def store_url(self) -> str:
        """The store's address; an SQLite file in the folder unless another is given."""
        return self.store.url or f"sqlite:///{self.folder / 'store' / 'supportd.db'}"

    @property
    def host_key(self) -> Path:
        """Where the host key lies."""
        return self.folder / "host-key"

    @property
    def logins(self) -> Path:
        """Where the accounts' access tokens lie, sealed under the host key."""
        return self.folder / "accounts.sealed"

    @property
    def registration_token(self) -> str:
        """The token with which invitations make accounts, empty without one."""
        name = self.homeserver.registration_token_file
        if not name:
            return ""
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""

    @property
    def matrix(self) -> Path:
        """The folder of the reader's keys."""
        return self.folder / "matrix"

    @property
    def socket(self) -> Path:
        """The Unix socket by which commands reach the daemon."""
        return self.folder / "control.sock"


def load(folder: Path) -> Config:
    """Read ``supportd.toml`` in ``folder``; raises :class:`~supportd.errors.ConfigurationError` with what to do."""
    path = folder / FILE
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(problem=f"there is no {path}; run supportd init first, or name the folder with --folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(problem=f"{path} cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(problem=f"{path} is not TOML: {error}") from None
    try:
        return Config(folder=folder.absolute(), **parsed)
    except (ValidationError, TypeError) as error:
        raise ConfigurationError(problem=f"{path}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "the folder is not set in the file: take the key folder out"
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place, _known(), n=1)
        hint = f"; did you mean {near[0]}" if near else ""
        return f"the key {place} is not known{hint}"
    if first["type"] == "missing":
        return f"the key {place} is missing"
    return f"the key {place} cannot be used ({first['msg'].lower()})"


def _known() -> list[str]:
    found = []
    for name, field in Config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found += [name, *(f"{name}.{key}" for key in section.model_fields)]
    return found


def render(values: dict[str, dict[str, object]]) -> str:
    """Return the text of a ``supportd.toml`` with ``values`` (section -> key -> value), each key behind its explanation."""
    lines = ["# What supportd needs to know. Secrets are not in here: they lie beside this file.", ""]
    for section, keys in values.items():
        lines.append(f"[{section}]")
        model = Config.model_fields[section].annotation
        for key, value in keys.items():
            description = model.model_fields[key].description if isinstance(model, type) and issubclass(model, BaseModel) else ""
            lines += [f"# {description}", f"{key} = {_toml(value)}"]
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
