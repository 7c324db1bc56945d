"""What can go wrong between us and the homeserver: other programs' errors become these at one border."""

from __future__ import annotations

from supportd.errors import SupportdError


class MatrixError(SupportdError):
    """The homeserver and supportd did not come together; try again."""


class ServerAway(MatrixError):
    """The homeserver cannot be reached, or gives no sensible answer, just now; supportd tries again by itself."""


class ServerNotReached(ServerAway):
    """The homeserver cannot be reached just now; supportd tries again by itself."""


class SlowDown(MatrixError):
    """The homeserver asks for a pause of {seconds} seconds; supportd waits by itself."""

    def __init__(self, *, seconds: float) -> None:
        """Keep ``seconds``, exact to the millisecond (``retry_after_ms``)."""
        self.seconds = seconds
        super().__init__(seconds=seconds)


class LoggedOut(MatrixError):
    """The homeserver no longer accepts the sign-in of the account {account}: run supportd restore, which signs it in again."""

    status = 78


class Refused(MatrixError):
    """The homeserver refused with {code}; look at the account's rights on the homeserver."""

    def __init__(self, *, code: str, http: int) -> None:
        """Keep the ``errcode`` (letters, digits, ``_`` and ``.`` only) and the HTTP status."""
        self.code = code
        self.http = http
        super().__init__(code=code)


class NeedsPassword(MatrixError):
    """The homeserver wants the account's password before it takes these keys: run supportd init once more and give it."""

    status = 78

    def __init__(self, *, session: str, flows: tuple[tuple[str, ...], ...]) -> None:
        """Keep the session of the user-interactive authentication and its flows."""
        self.session = session
        self.flows = flows
        super().__init__()


class WrongAccount(MatrixError):
    """The sign-in of the {account} account belongs to another account or device than configured: check the configuration."""

    status = 78


class ForeignKeys(MatrixError):
    """Other encryption keys than ours are published for the bot: somebody may have taken its account over.

    Do not reset it, members would see a stolen account; ask the operator to look first.
    """

    status = 78


class StoreLost(MatrixError):
    """The bot's encryption keys are missing here, though the homeserver knows them: run supportd restore with the recovery sheet."""

    status = 78


class StoreOld(StoreLost):
    """The bot's encryption keys here are an old copy, and would spoil what members read: run supportd restore with the recovery sheet."""

    status = 78


class StoreBusy(MatrixError):
    """Another supportd uses the crypto folder already: two at once would spoil the keys; stop the other one first."""

    status = 78


class StoreUnreadable(MatrixError):
    """The crypto folder cannot be opened with this host key: put back the host key it was made with."""

    status = 78


class KeyFileRefused(MatrixError):
    """The file {path} with the room keys does not open with this recovery file: take the two from the same installation."""

    status = 78


class RestoreUnfinished(MatrixError):
    """A restore of the bot's keys was broken off: run supportd restore with the recovery sheet once more, it goes on where it stopped."""

    status = 78


class SignatureRefused(MatrixError):
    """The homeserver did not keep the signature of the bot's device, so members' apps would not trust it.

    Start supportd again; if that does not help, ask the homeserver's admin.
    """


class CannotEncrypt(MatrixError):
    """A message cannot be encrypted for its room just now; supportd tries again by itself."""


class TooLarge(ServerAway):
    """The homeserver's answer is larger than the {most} bytes that supportd takes."""

    def __init__(self, *, most: int) -> None:
        """Keep how many bytes would have been taken."""
        super().__init__(most=most)


class FileUnusable(MatrixError):
    """The file cannot be read, because {problem}; ask who sent it to send it again."""
