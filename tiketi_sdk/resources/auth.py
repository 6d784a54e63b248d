"""`client.auth`: opening an account, logging in and out, and who you are. Keeps no password."""

from collections.abc import Iterable
from dataclasses import replace

from tiketi_sdk.contract import auth as contract
from tiketi_sdk.contract.auth import (
    Contacts,
    Jwks,
    LoggedOut,
    ProvisionedUsers,
    Session,
    User,
    Verification,
)
from tiketi_sdk.errors import ConfigError
from tiketi_sdk.resources.base import AsyncResource


class AsyncAuth(AsyncResource):
    """Accounts and sessions. Logging in makes the client act as that user from then on."""

    async def register(
        self, *, email: str, password: str, name: str, phone: str | None = None
    ) -> Session:
        """Open an account and log in. Password: 8 to 128 characters. Raises `EmailTakenError`."""
        session = await self._ask(
            contract.REGISTER, email=email, password=password, name=name, phone=phone
        )
        self._caller.remember_session(session)
        return session

    async def login(self, *, email: str, password: str) -> Session:
        """Log in. Raises `BadCredentialsError`, whichever of the two is wrong."""
        session = await self._ask(contract.LOGIN, email=email, password=password)
        self._caller.remember_session(session)
        return session

    async def refresh(self, *, refresh_token: str | None = None) -> Session:
        """Trade a refresh token (the client's own unless given) for a new session.

        Seldom needed: the client does it by itself. Using a token twice ends the whole session.
        """
        token = refresh_token or self._own_refresh_token()
        session = await self._ask(contract.REFRESH, refresh_token=token)
        self._caller.remember_session(session, same_user=refresh_token is None)
        return session

    async def logout(self, *, refresh_token: str | None = None) -> LoggedOut:
        """End the session of a refresh token (the client's own unless given) and forget it."""
        token = refresh_token or self._own_refresh_token()
        answer = await self._ask(contract.LOGOUT, refresh_token=token)
        held = self._caller.store.load()
        if held.refresh_token == token:
            self._caller.store.save(
                replace(held, token=None, refresh_token=None, expires_at=None, entry_tokens={})
            )
        return answer

    async def verify(self) -> Verification:
        """Whom the client's token stands for and until when."""
        return await self._ask(contract.VERIFY)

    async def me(self) -> User:
        """Your account."""
        return await self._ask(contract.ME)

    async def update_me(self, *, name: str | None = None, phone: str | None = None) -> User:
        """Change your name or phone number; what is left out stays."""
        return await self._ask(contract.UPDATE_ME, name=name, phone=phone)

    async def jwks(self) -> Jwks:
        """The public keys that access tokens are verified with."""
        return await self._ask(contract.JWKS)

    async def contacts(self, user_ids: Iterable[int]) -> Contacts:
        """E-mails and names of up to 1,000 users; for services and administrators."""
        return await self._ask(contract.CONTACTS, user_ids=tuple(user_ids))

    async def provision(
        self, *, prefix: str, count: int, first_number: int = 1
    ) -> ProvisionedUsers:
        """Up to 1,000 sandbox users `{prefix}-{number}` with tokens; an administrator's, sandbox only."""
        return await self._ask(
            contract.PROVISION, prefix=prefix, count=count, first_number=first_number
        )

    def _own_refresh_token(self) -> str:
        token = self._caller.store.load().refresh_token
        if token is None:
            raise ConfigError("this client holds no refresh token: log in first, or give one")
        return token
