"""Opening accounts and sessions, and what an account may do with itself; every wrong guess costs the same."""

from collections.abc import Sequence

from tiketi_core.auth import rules
from tiketi_core.auth.errors import AccountGoneError, BadCredentialsError
from tiketi_core.auth.model import (
    AccessToken,
    Account,
    NewAccount,
    Policy,
    Provisioned,
    Session,
)
from tiketi_core.auth.ports import Accounts, PasswordHasher, ServiceSecrets, Tokens
from tiketi_core.kernel.ids import UserId


class Identity:
    """Everything the auth service does."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: PasswordHasher,
        *,
        tokens: Tokens,
        secrets: ServiceSecrets,
        policy: Policy,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._tokens = tokens
        self._secrets = secrets
        self._policy = policy

    async def register(
        self, *, email: str, password: str, name: str, phone: str | None, request_id: str
    ) -> Session:
        """Open an account and log in; raises EmailTakenError."""
        new = NewAccount(
            email=email,
            password_hash=await self._passwords.hash(rules.canonical_password(password)),
            name=name,
            phone=phone,
        )
        refresh_token = self._tokens.refresh()
        account = await self._accounts.register(
            new,
            refresh_token=refresh_token,
            ttl_s=self._policy.refresh_ttl_s,
            request_id=request_id,
        )
        return self._session(account, refresh_token)

    async def login(self, *, email: str, password: str, address: str) -> Session:
        """Log in; raises BadCredentialsError or TooManyFailuresError.

        An unknown e-mail, an account without password and a wrong password take the same steps.
        """
        attempt = rules.attempt(email, address)
        stored = await self._accounts.candidate(email, attempt, self._policy)
        password_hash = None if stored is None else stored.password_hash
        password = rules.canonical_password(password)
        is_right = await self._passwords.verify(password, password_hash)
        if stored is None or password_hash is None or not is_right:
            await self._accounts.failed(attempt, self._policy)
            raise BadCredentialsError
        outdated = self._passwords.is_outdated(password_hash)
        refresh_token = self._tokens.refresh()
        await self._accounts.open_session(
            stored.account.id,
            attempt,
            self._policy,
            refresh_token=refresh_token,
            new_hash=await self._passwords.hash(password) if outdated else None,
        )
        return self._session(stored.account, refresh_token)

    async def refresh(self, refresh_token: str) -> Session:
        """Trade a refresh token for a new session; raises what `Accounts.rotate` raises."""
        replacement = self._tokens.refresh()
        account = await self._accounts.rotate(
            refresh_token, replacement=replacement, ttl_s=self._policy.refresh_ttl_s
        )
        return self._session(account, replacement)

    async def logout(self, refresh_token: str) -> None:
        """End a session, whether or not it was still open."""
        await self._accounts.end_session(refresh_token)

    async def account(self, user_id: UserId) -> Account:
        """One's own account; raises AccountGoneError."""
        return _present(await self._accounts.account(user_id))

    async def update(self, user_id: UserId, *, name: str | None, phone: str | None) -> Account:
        """Change what is given; raises AccountGoneError."""
        return _present(await self._accounts.update(user_id, name=name, phone=phone))

    async def contacts(self, user_ids: Sequence[UserId]) -> Sequence[Account]:
        """The accounts among these that exist."""
        return await self._accounts.contacts(user_ids)

    def service_token(self, service: str, secret: str) -> AccessToken:
        """A service's token; raises BadCredentialsError."""
        if not self._secrets.matches(service, secret):
            raise BadCredentialsError("this is not that service's secret")
        return self._tokens.access(
            subject=f"service:{service}", role="service", ttl_s=self._policy.service_token_ttl_s
        )

    async def provision(
        self, prefix: str, *, first_number: int, count: int
    ) -> Sequence[Provisioned]:
        """Sandbox users in the order of their numbers, made where missing, each with a new token."""
        names = rules.sandbox_names(prefix, first_number, count)
        emails = [rules.sandbox_email(name) for name in names]
        accounts = await self._accounts.provision(emails, names)
        return [
            Provisioned(user_id=account.id, email=account.email, access=self._access(account))
            for account in accounts
        ]

    async def ensure_admin(self, email: str, password: str) -> None:
        """See to it that this administrator exists and has this password; does nothing when it is so."""
        password = rules.canonical_password(password)
        stored = await self._accounts.by_email(email)
        is_right = (
            stored is not None
            and stored.account.role == "admin"
            and await self._passwords.verify(password, stored.password_hash)
        )
        if not is_right:
            await self._accounts.put_admin(
                email, password_hash=await self._passwords.hash(password)
            )

    def _session(self, account: Account, refresh_token: str) -> Session:
        return Session(account=account, access=self._access(account), refresh_token=refresh_token)

    def _access(self, account: Account) -> AccessToken:
        return self._tokens.access(
            subject=str(account.id), role=account.role, ttl_s=self._policy.access_ttl_s
        )


def _present(account: Account | None) -> Account:
    if account is None:
        raise AccountGoneError
    return account
