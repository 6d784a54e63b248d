"""What accounts need of the world: a place to be kept, a hasher of passwords, a maker of tokens."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.auth.model import (
    AccessToken,
    Account,
    Attempt,
    Change,
    GoogleIdentity,
    GoogleState,
    Limit,
    LinkOffer,
    NewAccount,
    Opened,
    OpenSession,
    Origin,
    Role,
    Stored,
    UserFilter,
)
from tiketi_core.kernel.ids import SessionId, UserId


class Accounts(Protocol):
    """Keeps accounts, sessions and counts of failures; each method is one atomic step."""

    async def register(
        self,
        account: NewAccount,
        origin: Origin,
        *,
        refresh_token: str,
        ttl_s: int,
        request_id: str,
    ) -> Opened:
        """Open an account with its first session and say `user.registered`; raises EmailTakenError."""
        ...

    async def candidate(self, email: str, attempt: Attempt) -> Stored | None:
        """Whose password to check; raises TooManyFailuresError, for unknown e-mails too."""
        ...

    async def count(self, key: str, limit: Limit) -> None:
        """Count a wrong password, or whatever else is limited; raises TooManyFailuresError while it has to wait.

        Then nothing is counted. Of many at once no more are free than of the same one after the other.
        """
        ...

    async def open_session(
        self,
        stored: Stored,
        attempt: Attempt,
        origin: Origin,
        *,
        refresh_token: str,
        ttl_s: int,
        new_hash: str | None,
    ) -> Opened:
        """Begin a session and forget the account's failures; `new_hash` replaces the password's.

        What happened while this password was being checked counts: raises TooManyFailuresError when the
        limit was reached, BadCredentialsError when the password was changed, AccountDisabledError.
        """
        ...

    async def rotate(
        self, refresh_token: str, *, replacement: str, ttl_s: int, repeat_s: int, address: str
    ) -> Opened:
        """Spend a refresh token for its replacement. One that was spent before ends its whole session.

        Unless it was spent for this very replacement, which is unused, at most `repeat_s` ago: once more.

        Raises RefreshTokenInvalidError, RefreshTokenExpiredError, RefreshTokenReusedError.
        """
        ...

    async def end_session(self, refresh_token: str) -> None:
        """End the session of a refresh token, spent or not; an unknown one is nobody's."""
        ...

    async def sessions(self, user_id: UserId) -> Sequence[OpenSession]:
        """Those that are open, the one used last first; bounded."""
        ...

    async def end_own_session(self, user_id: UserId, session_id: SessionId) -> bool:
        """End a session of this user; whether there was such an open one."""
        ...

    async def end_sessions(self, user_id: UserId) -> None:
        """End every session and every access token of a user."""
        ...

    async def account(self, user_id: UserId) -> Account | None: ...

    async def update(self, user_id: UserId, change: Change) -> Account | None:
        """Change what is not None; None when the account is gone."""
        ...

    async def contacts(self, user_ids: Sequence[UserId]) -> Sequence[Account]:
        """Those that exist, in no particular order."""
        ...

    async def provision(self, emails: Sequence[str], names: Sequence[str]) -> Sequence[Account]:
        """Accounts without password, made where missing, in the order given; one statement."""
        ...

    async def by_email(self, email: str) -> Stored | None: ...

    async def put_admin(self, email: str, *, password_hash: str) -> None:
        """Make the account an administrator with this password, and end the sessions it had."""
        ...


class PasswordStore(Protocol):
    """Keeps reset tokens and replaces passwords; each method is one atomic step."""

    async def change(
        self,
        stored: Stored,
        attempt: Attempt,
        origin: Origin,
        *,
        new_hash: str,
        refresh_token: str,
        ttl_s: int,
    ) -> Opened:
        """Replace the hash that was checked, end every session, begin one.

        Raises BadCredentialsError when it was replaced in the meantime, and TooManyFailuresError.
        """
        ...

    async def check(self, attempt: Attempt) -> None:
        """Raises TooManyFailuresError while one of both keys has to wait."""
        ...

    async def ask_reset(self, email: str, *, request_id: str) -> None:
        """Keep that a mail was asked for, whether or not there is such an account."""
        ...

    async def answer_reset(self, token: str, *, sealed: str, ttl_s: int) -> bool:
        """Take the oldest request; whether there was one.

        Where there is such an account its hash is kept and `user.password_reset_requested` said with `sealed`.
        """
        ...

    async def check_reset(self, token: str) -> None:
        """Raises ResetTokenInvalidError or ResetTokenExpiredError."""
        ...

    async def reset(self, token: str, *, new_hash: str) -> None:
        """Spend the token for the new password and end every session; raises as `check_reset` does."""
        ...


class ResetSeal(Protocol):
    """Seals tokens for whoever sends the mail."""

    def seal(self, token: str) -> str:
        """What may travel instead of it."""
        ...


class Directory(Protocol):
    """All accounts, for administrators."""

    async def users(
        self, wanted: UserFilter, *, before: UserId | None, limit: int
    ) -> Sequence[Account]:
        """Accounts with a lower id than `before`, by descending id."""
        ...

    async def update_user(
        self, user_id: UserId, *, role: Role | None, disabled: bool | None
    ) -> Account | None:
        """Change what is not None and end the tokens from before; None when there is no such account.

        Raises LastAdminError.
        """
        ...


class GoogleAccounts(Protocol):
    """Keeps which Google account may log in where; each method is one atomic step."""

    async def enter(
        self,
        identity: GoogleIdentity,
        origin: Origin,
        *,
        refresh_token: str,
        ttl_s: int,
        request_id: str,
    ) -> Opened | None:
        """Begin a session of the linked account, or of a new one; None when another has the e-mail.

        Raises AccountDisabledError.
        """
        ...

    async def link(
        self,
        stored: Stored,
        attempt: Attempt,
        origin: Origin,
        *,
        subject: str,
        email: str,
        refresh_token: str,
        ttl_s: int,
    ) -> Opened:
        """Begin a session and link; raises as `Accounts.open_session` does, and LinkTokenInvalidError."""
        ...


class Google(Protocol):
    """Google's side."""

    async def authorization_url(
        self, *, redirect_uri: str, state: str, nonce: str, challenge: str
    ) -> str:
        """Where to send the browser; raises GoogleUnavailableError."""
        ...

    async def redeem(self, code: str, *, redirect_uri: str, verifier: str | None) -> GoogleIdentity:
        """Trade a code for an identity whose signature, issuer, audience and end were checked.

        Raises GoogleRefusedError, saying what Google said, and GoogleUnavailableError.
        """
        ...


class GoogleSeal(Protocol):
    """Signs what travels through the browser and comes back."""

    def seal_state(self, state: GoogleState, *, ttl_s: int) -> tuple[str, int]:
        """The text, and when it ends in ms."""
        ...

    def open_state(self, text: str) -> GoogleState:
        """Raises GoogleRefusedError for one that is not ours or has ended."""
        ...

    def seal_offer(self, offer: LinkOffer, *, ttl_s: int) -> str: ...

    def open_offer(self, text: str) -> LinkOffer:
        """Raises LinkTokenInvalidError and LinkTokenExpiredError."""
        ...


class PasswordHasher(Protocol):
    """Hashes and checks passwords off the loop; raises UnavailableError when too many wait."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether they belong together. None never does, and costs as much to find out."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        ...


class Tokens(Protocol):
    """Makes tokens; nobody else can."""

    def access(
        self,
        *,
        subject: str,
        role: str,
        ttl_s: int,
        version: int = 0,
        session_id: SessionId | None = None,
    ) -> AccessToken:
        """A signed token that every service believes, until its session or its version ends."""
        ...

    def refresh(self) -> str:
        """A random token that means nothing to anybody but the store."""
        ...

    def refresh_after(self, spent: str, key: str) -> str:
        """The one token that `spent` is traded for under `key`; random to whoever lacks the server's secret."""
        ...


class ServiceSecrets(Protocol):
    """The secrets the services were deployed with."""

    def matches(self, service: str, secret: str) -> bool:
        """Whether it is that service's secret; takes as long when it is not."""
        ...
