"""All accounts for administrators, in PostgreSQL."""

from collections.abc import Sequence

from tiketi_core.auth.model import Account, Role, UserFilter
from tiketi_core.kernel.ids import UserId
from tiketi_platform.adapters.postgres.auth import rows
from tiketi_platform.adapters.postgres.auth.rows import SQL
from tiketi_platform.adapters.postgres.pool import Database


class PostgresDirectory:
    """The `Directory` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(*rows.REFUSED)

    async def users(
        self, wanted: UserFilter, *, before: UserId | None, limit: int
    ) -> Sequence[Account]:
        found = await self._database.fetch(
            SQL["users"],
            wanted.q,
            wanted.role,
            wanted.provider,
            wanted.disabled,
            before,
            limit,
        )
        return [rows.account(row[0]) for row in found]

    async def update_user(
        self, user_id: UserId, *, role: Role | None, disabled: bool | None
    ) -> Account | None:
        row = await self._database.fetchval(SQL["update_account"], user_id, role, disabled)
        return None if row is None else rows.account(row)
