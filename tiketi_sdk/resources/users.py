"""`client.users`: the accounts of others, for administrators."""

from typing import Literal

from tiketi_sdk.contract import auth_accounts as contract
from tiketi_sdk.contract.auth import LoggedOut, User
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource


class AsyncUsers(AsyncResource):
    """Looking accounts up, changing roles, disabling and enabling."""

    def list(
        self,
        *,
        q: str | None = None,
        role: Literal["user", "admin"] | None = None,
        provider: Literal["LOCAL", "GOOGLE"] | None = None,
        disabled: bool | None = None,
        limit: int = 20,
    ) -> AsyncListing[User]:
        """Accounts, the newest first; `q` is part of the e-mail or name."""
        return self._listing(
            contract.USERS, q=q, role=role, provider=provider, disabled=disabled, limit=limit
        )

    async def get(self, user_id: int) -> User:
        """One account. Raises `UserNotFoundError`."""
        return await self._ask(contract.USER, user_id=user_id)

    async def update(
        self,
        user_id: int,
        *,
        role: Literal["user", "admin"] | None = None,
        disabled: bool | None = None,
    ) -> User:
        """Change the role, disable or enable; tokens from before end everywhere within seconds.

        Raises `UserNotFoundError` and `LastAdminError`.
        """
        return await self._ask(contract.UPDATE_USER, user_id=user_id, role=role, disabled=disabled)

    async def logout(self, user_id: int) -> LoggedOut:
        """End all sessions of an account. Raises `UserNotFoundError`."""
        return await self._ask(contract.END_USER_SESSIONS, user_id=user_id)
