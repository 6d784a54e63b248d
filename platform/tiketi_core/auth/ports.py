"""What accounts need of the world: a place to be kept, a hasher of passwords, a maker of tokens."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.auth.model import AccessToken, Account, Attempt, NewAccount, Policy, Stored
from tiketi_core.kernel.ids import UserId


class Accounts(Protocol):
    """Keeps accounts, sessions and counts of failures; each method is one atomic step."""

    async def register(
        self, account: NewAccount, *, refresh_token: str, ttl_s: int, request_id: str
    ) -> Account:
        """Open an account with its first session and say `user.registered`; raises EmailTakenError."""
        ...

    async def candidate(self, email: str, attempt: Attempt, policy: Policy) -> Stored | None:
        """Whose password to check; raises TooManyFailuresError, for unknown e-mails too."""
        ...

    async def failed(self, attempt: Attempt, policy: Policy) -> None:
        """Count a wrong password."""
        ...

    async def open_session(
        self,
        user_id: UserId,
        attempt: Attempt,
        policy: Policy,
        *,
        refresh_token: str,
        new_hash: str | None,
    ) -> None:
        """Begin a session and forget the account's failures; `new_hash` replaces the password's.

        Raises TooManyFailuresError when the limit was reached while this password was being checked.
        """
        ...

    async def rotate(self, refresh_token: str, *, replacement: str, ttl_s: int) -> Account:
        """Spend a refresh token for its replacement. One that was spent before ends its whole session.

        Raises RefreshTokenInvalidError, RefreshTokenExpiredError, RefreshTokenReusedError.
        """
        ...

    async def end_session(self, refresh_token: str) -> None:
        """End the session of a refresh token, spent or not; an unknown one is nobody's."""
        ...

    async def account(self, user_id: UserId) -> Account | None: ...

    async def update(
        self, user_id: UserId, *, name: str | None, phone: str | None
    ) -> Account | None:
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

    def access(self, *, subject: str, role: str, ttl_s: int) -> AccessToken:
        """A signed token that every service believes."""
        ...

    def refresh(self) -> str:
        """A random token that means nothing to anybody but the store."""
        ...


class ServiceSecrets(Protocol):
    """The secrets the services were deployed with."""

    def matches(self, service: str, secret: str) -> bool:
        """Whether it is that service's secret; takes as long when it is not."""
        ...
