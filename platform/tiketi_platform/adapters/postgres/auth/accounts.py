"""Accounts and sessions in PostgreSQL: each step is one statement; what may happen is in sql/auth."""

from collections.abc import Mapping, Sequence
from typing import Final

from tiketi_core.auth import errors
from tiketi_core.auth.model import (
    Account,
    Attempt,
    Change,
    Limit,
    NewAccount,
    Opened,
    OpenSession,
    Origin,
    Stored,
)
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import SessionId, UserId
from tiketi_platform.adapters.postgres.auth import rows
from tiketi_platform.adapters.postgres.auth.rows import SQL, Json, hash_of
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_sdk.contract.auth_accounts import SESSIONS_MAX

_REFUSED: Final[Mapping[str, type[DomainError]]] = {
    "invalid": errors.RefreshTokenInvalidError,
    "expired": errors.RefreshTokenExpiredError,
    "reused": errors.RefreshTokenReusedError,
}


class PostgresAccounts:
    """The `Accounts` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(*rows.REFUSED)

    async def register(
        self,
        account: NewAccount,
        origin: Origin,
        *,
        refresh_token: str,
        ttl_s: int,
        request_id: str,
    ) -> Opened:
        row: Json = await self._database.fetchval(
            SQL["register"],
            account.email,
            account.password_hash,
            account.name,
            account.phone,
            hash_of(refresh_token),
            ttl_s,
            origin.device,
            origin.address,
            request_id,
        )
        return rows.opened(row)

    async def candidate(self, email: str, attempt: Attempt) -> Stored | None:
        row = await self._database.fetchval(
            SQL["candidate"], email, attempt.account_key, attempt.address_key
        )
        return None if row is None else rows.stored(row)

    async def count(self, key: str, limit: Limit) -> None:
        await self._database.execute(
            SQL["count_or_refuse"], key, limit.free_count, limit.delay_s_max, limit.kept_s
        )

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
        row: Json = await self._database.fetchval(
            SQL["open_session"],
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

    async def rotate(
        self, refresh_token: str, *, replacement: str, ttl_s: int, repeat_s: int, address: str
    ) -> Opened:
        row: Json = await self._database.fetchval(
            SQL["rotate"], hash_of(refresh_token), hash_of(replacement), ttl_s, address, repeat_s
        )
        if row["verdict"] != "ok":
            raise _REFUSED[row["verdict"]]
        return rows.opened(row["session"])

    async def end_session(self, refresh_token: str) -> None:
        await self._database.execute(SQL["end_session"], hash_of(refresh_token))

    async def sessions(self, user_id: UserId) -> Sequence[OpenSession]:
        found = await self._database.fetch(SQL["sessions"], user_id, SESSIONS_MAX)
        return [rows.open_session(row[0]) for row in found]

    async def end_own_session(self, user_id: UserId, session_id: SessionId) -> bool:
        ended = await self._database.fetchval(SQL["end_own_session"], session_id, user_id)
        return bool(ended)

    async def end_sessions(self, user_id: UserId) -> None:
        await self._database.execute(SQL["end_sessions"], user_id)

    async def account(self, user_id: UserId) -> Account | None:
        row = await self._database.fetchval(SQL["account"], user_id)
        return None if row is None else rows.account(row)

    async def update(self, user_id: UserId, change: Change) -> Account | None:
        row = await self._database.fetchval(
            SQL["update"], user_id, change.name, change.phone, change.profile_image
        )
        return None if row is None else rows.account(row)

    async def contacts(self, user_ids: Sequence[UserId]) -> Sequence[Account]:
        return [
            rows.account(row[0]) for row in await self._database.fetch(SQL["contacts"], user_ids)
        ]

    async def provision(self, emails: Sequence[str], names: Sequence[str]) -> Sequence[Account]:
        made = await self._database.fetch(SQL["provision"], emails, names)
        return [rows.account(row[0]) for row in made]

    async def by_email(self, email: str) -> Stored | None:
        row = await self._database.fetchval(SQL["by_email"], email)
        return None if row is None else rows.stored(row)

    async def put_admin(self, email: str, *, password_hash: str) -> None:
        await self._database.execute(SQL["put_admin"], email, password_hash)

    async def prune(self, *, limit: int, revocations_kept_s: int) -> int:
        """Forget at most `limit` rows of each kind that are over; returns how many."""
        total: int = 0
        for name in ("prune_sessions", "prune_tokens", "prune_failures", "prune_resets"):
            total += await self._database.fetchval(SQL[name], limit)
        total += await self._database.fetchval(SQL["prune_revocations"], limit, revocations_kept_s)
        return total
