"""What administrators do with the accounts of others."""

from collections.abc import Sequence

from tiketi_core.auth.errors import UserNotFoundError
from tiketi_core.auth.model import Account, Role, UserFilter
from tiketi_core.auth.ports import Accounts, Directory
from tiketi_core.kernel.ids import UserId


class Administration:
    """Looking accounts up, changing roles, disabling and enabling."""

    def __init__(self, accounts: Accounts, directory: Directory) -> None:
        self._accounts = accounts
        self._directory = directory

    async def users(
        self, wanted: UserFilter, *, before: UserId | None, limit: int
    ) -> Sequence[Account]:
        """Accounts by descending id."""
        return await self._directory.users(wanted, before=before, limit=limit)

    async def user(self, user_id: UserId) -> Account:
        """One account; raises UserNotFoundError."""
        return _present(await self._accounts.account(user_id))

    async def update(self, user_id: UserId, *, role: Role | None, disabled: bool | None) -> Account:
        """Change what is not None; tokens from before end. Raises UserNotFoundError, LastAdminError."""
        return _present(await self._directory.update_user(user_id, role=role, disabled=disabled))

    async def end_sessions(self, user_id: UserId) -> None:
        """Log somebody out everywhere; raises UserNotFoundError."""
        _present(await self._accounts.account(user_id))
        await self._accounts.end_sessions(user_id)


def _present(account: Account | None) -> Account:
    if account is None:
        raise UserNotFoundError
    return account
