"""An account for somebody who has none, made with a registration token of the homeserver's (Matrix 1.2, ``m.login.registration_token``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.errors import NeedsPassword, Refused, ServerAway
from supportd.matrix.http import Api, path

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN: Final = "m.login.registration_token"  # noqa: S105 - the name of a stage
_DUMMY: Final = "m.login.dummy"
#: A flow has a few stages; a homeserver that asks on and on is not worth more.
_MOST_STAGES: Final = 4


async def make_account(base_url: str, registration_token: str, username: str, password: str) -> str:
    """Make an account and return its Matrix id; nothing signs in by it, and the password goes to the homeserver and nowhere else.

    Raises what :class:`Api` raises: :class:`Refused` with ``M_USER_IN_USE``, ``M_INVALID_USERNAME``, ``M_WEAK_PASSWORD``, or
    ``M_FORBIDDEN`` where the token is used up or the homeserver takes none.
    """
    body: dict[str, Any] = {"username": username, "password": password, "inhibit_login": True}
    api = Api(base_url)
    try:
        for _ in range(_MOST_STAGES):
            try:
                answer = await api.post(path("register"), body)
            except NeedsPassword as asked:
                body["auth"] = _next(asked, body.get("auth"), registration_token)
                continue
            user = answer.get("user_id")
            if not isinstance(user, str):
                raise ServerAway
            return user
    finally:
        await api.close()
    raise Refused(code="M_FORBIDDEN", http=403)


def _next(asked: NeedsPassword, done: Mapping[str, str] | None, registration_token: str) -> dict[str, str]:
    """Return the next stage of a flow that we can go through: the token, and after it nothing but a dummy."""
    if not any(set(flow) <= {_TOKEN, _DUMMY} and _TOKEN in flow for flow in asked.flows):
        raise Refused(code="M_FORBIDDEN", http=403)
    if done is None:
        return {"type": _TOKEN, "token": registration_token, "session": asked.session}
    if done["type"] == _DUMMY:
        raise Refused(code="M_FORBIDDEN", http=403)
    return {"type": _DUMMY, "session": asked.session}
