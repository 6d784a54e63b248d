"""Opening accounts and sessions, and what an account may do with itself; every wrong guess costs the same."""

from collections.abc import Sequence

from tiketi_core.auth import rules
from tiketi_core.auth.errors import (
    AccountGoneError,
    BadCredentialsError,
    SessionNotFoundError,
)
from tiketi_core.auth.model import (
    SIGNUPS_PER_ADDRESS,
    AccessToken,
    Account,
    Change,
    NewAccount,
    OpenSession,
    Origin,
    Provisioned,
    Session,
)
from tiketi_core.auth.ports import Accounts, PasswordHasher, ServiceSecrets
from tiketi_core.auth.use_cases.credentials import Credentials
from tiketi_core.auth.use_cases.issuer import Issuer
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import SessionId, UserId


class Identity:
    """Registering, logging in and out, and one's own account."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: PasswordHasher,
        *,
        credentials: Credentials,
        issuer: Issuer,
        secrets: ServiceSecrets,
    ) -> None:
        self._accounts = accounts
        self._credentials = credentials
        self._passwords = passwords
        self._issuer = issuer
        self._secrets = secrets

    async def register(
        self,
        *,
        email: str,
        password: str,
        name: str,
        phone: str | None,
        origin: Origin,
        request_id: str,
    ) -> Session:
        """Open an account and log in; raises EmailTakenError and TooManyFailuresError."""
        # Before the hash: it is what costs.
        await self._accounts.count(rules.signup_key(origin.address), SIGNUPS_PER_ADDRESS)
        new = NewAccount(
            email=email,
            password_hash=await self._passwords.hash(rules.canonical_password(password)),
            name=name,
            phone=phone,
        )
        refresh_token = self._issuer.refresh_token()
        opened = await self._accounts.register(
            new,
            origin,
            refresh_token=refresh_token,
            ttl_s=self._issuer.policy.refresh_ttl_s,
            request_id=request_id,
        )
        return self._issuer.session(opened, refresh_token)

    async def login(self, *, email: str, password: str, origin: Origin) -> Session:
        """Log in; raises BadCredentialsError, TooManyFailuresError or AccountDisabledError.

        What is said of an account that is disabled is said only to who knows its password.
        """
        proof = await self._credentials.prove(email, password, address=origin.address)
        refresh_token = self._issuer.refresh_token()
        opened = await self._accounts.open_session(
            proof.stored,
            proof.attempt,
            origin,
            refresh_token=refresh_token,
            ttl_s=self._issuer.policy.refresh_ttl_s,
            new_hash=await self._renewed(proof.stored.password_hash, password),
        )
        return self._issuer.session(opened, refresh_token)

    async def refresh(self, refresh_token: str, *, address: str, key: str | None = None) -> Session:
        """Trade a refresh token for a new session; raises what `Accounts.rotate` raises.

        Under the same `key` a token is traded for the same one, so whose answer was lost may ask again.
        """
        replacement = self._issuer.refresh_token_after(refresh_token, key)
        opened = await self._accounts.rotate(
            refresh_token,
            replacement=replacement,
            ttl_s=self._issuer.policy.refresh_ttl_s,
            repeat_s=bounds.refresh_repeat_s,
            address=address,
        )
        return self._issuer.session(opened, replacement)

    async def logout(self, refresh_token: str) -> None:
        """End a session, whether or not it was still open."""
        await self._accounts.end_session(refresh_token)

    async def sessions(self, user_id: UserId) -> Sequence[OpenSession]:
        """Where one is logged in, the session used last first."""
        return await self._accounts.sessions(user_id)

    async def end_own_session(self, user_id: UserId, session_id: SessionId) -> None:
        """End one of one's own sessions; raises SessionNotFoundError."""
        if not await self._accounts.end_own_session(user_id, session_id):
            raise SessionNotFoundError

    async def logout_everywhere(self, user_id: UserId) -> None:
        """End all of one's sessions."""
        await self._accounts.end_sessions(user_id)

    async def account(self, user_id: UserId) -> Account:
        """One's own account; raises AccountGoneError."""
        return _present(await self._accounts.account(user_id))

    async def update(self, user_id: UserId, change: Change) -> Account:
        """Change what is given; raises AccountGoneError."""
        return _present(await self._accounts.update(user_id, change))

    async def contacts(self, user_ids: Sequence[UserId]) -> Sequence[Account]:
        """The accounts among these that exist."""
        return await self._accounts.contacts(user_ids)

    def service_token(self, service: str, secret: str) -> AccessToken:
        """A service's token; raises BadCredentialsError."""
        if not self._secrets.matches(service, secret):
            raise BadCredentialsError("this is not that service's secret")
        return self._issuer.service(service)

    async def provision(
        self, prefix: str, *, first_number: int, count: int
    ) -> Sequence[Provisioned]:
        """Sandbox users in the order of their numbers, made where missing, each with a new token."""
        names = rules.sandbox_names(prefix, first_number, count)
        emails = [rules.sandbox_email(name) for name in names]
        accounts = await self._accounts.provision(emails, names)
        return [
            Provisioned(
                user_id=account.id, email=account.email, access=self._issuer.access(account)
            )
            for account in accounts
        ]

    async def ensure_admin(self, email: str, password: str) -> None:
        """See to it that this administrator exists and has this password; does nothing when it is so."""
        password = rules.canonical_password(password)
        stored = await self._accounts.by_email(email)
        is_right = (
            stored is not None
            and stored.account.role == "admin"
            and stored.account.disabled_at_ms is None
            and await self._passwords.verify(password, stored.password_hash)
        )
        if not is_right:
            await self._accounts.put_admin(
                email, password_hash=await self._passwords.hash(password)
            )

    async def _renewed(self, password_hash: str | None, password: str) -> str | None:
        """A hash by the parameters of today, where the one there is has others."""
        if password_hash is None or not self._passwords.is_outdated(password_hash):
            return None
        return await self._passwords.hash(rules.canonical_password(password))


def _present(account: Account | None) -> Account:
    if account is None:
        raise AccountGoneError
    return account
