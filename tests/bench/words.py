"""Words that bots listen to; this stands alone so that a bare client loads nothing of ours."""

from __future__ import annotations

from typing import Final

#: A message that begins with it is answered.
ASKED: Final = "ping"
#: A message with it is hidden by the daemon, and by the bare client.
OURS: Final = "thistle"
THEIRS: Final = "nettle"
