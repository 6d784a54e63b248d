"""Changing and resetting passwords in PostgreSQL; what may happen is in sql/auth."""

from tiketi_core.auth import errors
from tiketi_core.auth.model import Attempt, Opened, Origin, Stored
from tiketi_platform.adapters.postgres.auth import rows
from tiketi_platform.adapters.postgres.auth.rows import SQL, Json, hash_of
from tiketi_platform.adapters.postgres.pool import Database


class PostgresPasswords:
    """The `PasswordStore` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(
            *rows.REFUSED, errors.ResetTokenInvalidError, errors.ResetTokenExpiredError
        )

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
        row: Json = await self._database.fetchval(
            SQL["change_password"],
            stored.account.id,
            stored.password_hash,
            new_hash,
            hash_of(refresh_token),
            ttl_s,
            origin.device,
            origin.address,
            attempt.account_key,
            attempt.address_key,
        )
        return rows.opened(row)

    async def check(self, attempt: Attempt) -> None:
        await self._database.execute(
            SQL["check_failures"], attempt.account_key, attempt.address_key
        )

    async def ask_reset(self, email: str, *, request_id: str) -> None:
        await self._database.execute(SQL["ask_reset"], email, request_id)

    async def answer_reset(self, token: str, *, sealed: str, ttl_s: int) -> bool:
        answered = await self._database.fetchval(SQL["answer_reset"], sealed, hash_of(token), ttl_s)
        return bool(answered)

    async def check_reset(self, token: str) -> None:
        await self._database.execute(SQL["check_reset"], hash_of(token))

    async def reset(self, token: str, *, new_hash: str) -> None:
        await self._database.execute(SQL["reset_password"], hash_of(token), new_hash)
