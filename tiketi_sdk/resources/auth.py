"""`client.auth`: opening an account, logging in and out, and who you are. Keeps no password."""

from collections.abc import Iterable

from tiketi_sdk.contract import auth as contract
from tiketi_sdk.contract import auth_accounts as accounts
from tiketi_sdk.contract import auth_google as google
from tiketi_sdk.contract import auth_keys as keys
from tiketi_sdk.contract.auth import (
    Contacts,
    Jwks,
    LoggedOut,
    ProvisionedUsers,
    Session,
    User,
    Verification,
)
from tiketi_sdk.contract.auth_accounts import OpenSessions, PasswordChanged, ResetSent
from tiketi_sdk.contract.auth_google import GoogleAuthorization
from tiketi_sdk.contract.auth_keys import SigningKeys
from tiketi_sdk.resources.base import AsyncResource


class AsyncAuth(AsyncResource):
    """Accounts and sessions. Logging in makes the client act as that user from then on."""

    async def register(
        self,
        *,
        email: str,
        password: str,
        name: str,
        phone: str | None = None,
        device: str | None = None,
    ) -> Session:
        """Open an account and log in. Password: 8 to 128 characters. Raises `EmailTakenError`."""
        session = await self._ask(
            contract.REGISTER, email=email, password=password, name=name, phone=phone, device=device
        )
        await self._caller.keeper.remember_session(session)
        return session

    async def login(self, *, email: str, password: str, device: str | None = None) -> Session:
        """Log in; `device` is what the list of sessions calls it.

        Raises `BadCredentialsError`, whichever of the two is wrong, and `AccountDisabledError`.
        """
        session = await self._ask(contract.LOGIN, email=email, password=password, device=device)
        await self._caller.keeper.remember_session(session)
        return session

    async def google_authorize(
        self, *, redirect_uri: str | None = None, code_challenge: str | None = None
    ) -> GoogleAuthorization:
        """Where to send the browser; keep `state` and `code_verifier` for `google`.

        Raises `GoogleUnavailableError`.
        """
        return await self._ask(
            google.GOOGLE_AUTHORIZE, redirect_uri=redirect_uri, code_challenge=code_challenge
        )

    async def google(
        self,
        *,
        code: str,
        state: str | None = None,
        redirect_uri: str | None = None,
        code_verifier: str | None = None,
        device: str | None = None,
    ) -> Session:
        """Log in by what Google's redirect carried.

        Raises `GoogleRefusedError`, `GoogleEmailUnverifiedError`, `AccountDisabledError`, and
        `GoogleLinkRequiredError`, whose `extra["link_token"]` is for `google_link`.
        """
        session = await self._ask(
            google.GOOGLE,
            code=code,
            state=state,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
            device=device,
        )
        await self._caller.keeper.remember_session(session)
        return session

    async def google_link(
        self, *, link_token: str, password: str, device: str | None = None
    ) -> Session:
        """Let the Google account log in to the account with its e-mail, by that account's password, and log in."""
        session = await self._ask(
            google.GOOGLE_LINK, link_token=link_token, password=password, device=device
        )
        await self._caller.keeper.remember_session(session)
        return session

    async def refresh(self, *, refresh_token: str | None = None) -> Session:
        """Trade a refresh token (the client's own unless given) for a new session.

        Seldom needed: the client does it by itself. Using a token twice ends the whole session,
        but for the same request repeated because its answer was lost, which the client does too.
        """
        if refresh_token is None:
            return await self._caller.keeper.renew()
        session = await self._ask(contract.REFRESH, refresh_token=refresh_token)
        await self._caller.keeper.remember_session(session)
        return session

    async def logout(self, *, refresh_token: str | None = None) -> LoggedOut:
        """End the session of a refresh token (the client's own unless given) and forget it."""
        keeper = self._caller.keeper
        if refresh_token is None or refresh_token == keeper.store.load().refresh_token:
            await keeper.log_out(self._end_session_of)
        else:
            await self._end_session_of(refresh_token)
        return LoggedOut(logged_out=True)

    async def logout_everywhere(self) -> LoggedOut:
        """End all of your sessions on every device, the client's own too, and forget it."""
        answer = await self._ask(accounts.LOGOUT_EVERYWHERE)
        await self._caller.keeper.forget()
        return answer

    async def sessions(self) -> OpenSessions:
        """Where you are logged in, the session used last first."""
        return await self._ask(accounts.SESSIONS)

    async def end_session(self, session_id: int) -> LoggedOut:
        """End one of your sessions. Raises `SessionNotFoundError`."""
        return await self._ask(accounts.END_SESSION, session_id=session_id)

    async def change_password(
        self, *, current: str, new: str, device: str | None = None
    ) -> Session:
        """Change your password; every other session ends. Raises `BadCredentialsError`."""
        session = await self._ask(
            accounts.CHANGE_PASSWORD, current_password=current, new_password=new, device=device
        )
        await self._caller.keeper.remember_session(session, same_user=True)
        return session

    async def forgot_password(self, *, email: str) -> ResetSent:
        """Have a token for a new password mailed; the answer is the same for an unknown e-mail."""
        return await self._ask(accounts.FORGOT_PASSWORD, email=email)

    async def reset_password(self, *, token: str, new: str) -> PasswordChanged:
        """Set a new password by the token of the mail; every session ends.

        Raises `TokenInvalidError` and `TokenExpiredError`.
        """
        return await self._ask(accounts.RESET_PASSWORD, token=token, new_password=new)

    async def verify(self) -> Verification:
        """Whom the client's token stands for and until when."""
        return await self._ask(contract.VERIFY)

    async def me(self) -> User:
        """Your account."""
        return await self._ask(contract.ME)

    async def update_me(
        self,
        *,
        name: str | None = None,
        phone: str | None = None,
        profile_image: str | None = None,
    ) -> User:
        """Change your name, phone number or picture (an address); "" takes the last two away, the rest stays."""
        return await self._ask(
            contract.UPDATE_ME, name=name, phone=phone, profile_image=profile_image
        )

    async def jwks(self) -> Jwks:
        """The public keys that access tokens are verified with."""
        return await self._ask(contract.JWKS)

    async def signing_keys(self) -> SigningKeys:
        """The keys that sign access tokens, the newest first; for administrators."""
        return await self._ask(keys.SIGNING_KEYS)

    async def rotate_keys(self, *, publish_ahead_s: int | None = None) -> SigningKeys:
        """Publish a new key that takes over in two minutes, or as said; for administrators."""
        if publish_ahead_s is None:
            return await self._ask(keys.ROTATE_KEYS)
        return await self._ask(keys.ROTATE_KEYS, publish_ahead_s=publish_ahead_s)

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

    async def _end_session_of(self, refresh_token: str) -> LoggedOut:
        return await self._ask(contract.LOGOUT, refresh_token=refresh_token)
