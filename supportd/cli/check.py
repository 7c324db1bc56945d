"""``supportd check``: what is wrong, each with one plain sentence and the way to mend it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from supportd.cli import checks
from supportd.config import load
from supportd.daemon.compose import matrix_settings
from supportd.daemon.secrets import Secrets
from supportd.errors import SupportdError
from supportd.store.sealing import HostKey

if TYPE_CHECKING:
    import argparse

    from supportd.cli.checks import Found

_MARKS = {"ok": "  ok     ", "wrong": "  WRONG  ", "unknown": "  ?      "}


def check(chosen: argparse.Namespace) -> int:
    """Check everything that can be checked from here; status 0 when nothing is wrong, else 78."""
    found = asyncio.run(_all(chosen))
    wrong = [one for one in found if one.state == "wrong"]
    if chosen.json:
        rows = [{"name": one.name, "state": one.state, "sentence": one.sentence} for one in found]
        print(json.dumps({"ok": not wrong, "checks": rows}, ensure_ascii=False))
    else:
        for one in found:
            print(f"{_MARKS[one.state]}{one.name}: {one.sentence}")
    if chosen.antispam:
        print(_antispam(chosen))
    return checks.CONFIGURATION if wrong else 0


async def _all(chosen: argparse.Namespace) -> list[Found]:
    try:
        config = load(chosen.folder)
        secrets = Secrets(HostKey.load(config.host_key))
        settings = matrix_settings(config, secrets)
    except SupportdError as error:
        return [checks.wrong("configuration", error)]
    found = [checks.well("configuration", f"{config.folder} is complete.")]
    found += checks.permissions(config)
    found.append(checks.room_keys(config))
    found += await checks.homeserver(settings)
    found += await checks.accounts(settings)
    found += await checks.store_or_daemon(config, secrets)
    found.append(await checks.limits(settings))
    return found


def _antispam(chosen: argparse.Namespace) -> str:
    config = load(chosen.folder)
    token = Secrets(HostKey.load(config.host_key)).bytes_for("antispam token").hex()
    return f"""
For homeserver.yaml, with the package synapse-http-antispam installed beside Synapse:
modules:
  - module: synapse_http_antispam.HTTPAntispam
    config:
      base_url: "http://{config.web.host}:{config.web.port}/antispam"
      authorization: "{token}"
      do_ping: true
      enabled_callbacks: [user_may_join_room, user_may_invite, check_event_for_spam]"""
