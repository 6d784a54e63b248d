"""Accounts and sessions in PostgreSQL: each step is one statement; keeps hashes, never a password or token.

Rows leave the database as JSON with the names of the core's model; what may happen is in sql/auth.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tiketi_core.auth import errors
from tiketi_core.auth.model import Account, Attempt, NewAccount, Policy, Stored
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import UserId
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("auth")
_REFUSED: Final[Mapping[str, type[DomainError]]] = {
    "invalid": errors.RefreshTokenInvalidError,
    "expired": errors.RefreshTokenExpiredError,
    "reused": errors.RefreshTokenReusedError,
}

Json = Mapping[str, Any]


class PostgresAccounts:
    """The `Accounts` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(errors.EmailTakenError, errors.TooManyFailuresError)

    async def register(
        self, account: NewAccount, *, refresh_token: str, ttl_s: int, request_id: str
    ) -> Account:
        return _account(
            await self._database.fetchval(
                _SQL["register"],
                account.email,
                account.password_hash,
                account.name,
                account.phone,
                _hash(refresh_token),
                ttl_s,
                request_id,
            )
        )

    async def candidate(self, email: str, attempt: Attempt, policy: Policy) -> Stored | None:
        row = await self._database.fetchval(_SQL["candidate"], email, *_limits(attempt, policy))
        return None if row is None else _stored(row)

    async def failed(self, attempt: Attempt, policy: Policy) -> None:
        await self._database.execute(
            _SQL["count_failure"],
            attempt.account_key,
            policy.per_account.window_s,
            attempt.address_key,
            policy.per_address.window_s,
        )

    async def open_session(
        self,
        user_id: UserId,
        attempt: Attempt,
        policy: Policy,
        *,
        refresh_token: str,
        new_hash: str | None,
    ) -> None:
        await self._database.execute(
            _SQL["open_session"],
            user_id,
            _hash(refresh_token),
            policy.refresh_ttl_s,
            new_hash,
            *_limits(attempt, policy),
        )

    async def rotate(self, refresh_token: str, *, replacement: str, ttl_s: int) -> Account:
        row: Json = await self._database.fetchval(
            _SQL["rotate"], _hash(refresh_token), _hash(replacement), ttl_s
        )
        if row["verdict"] != "ok":
            raise _REFUSED[row["verdict"]]
        return _account(row["account"])

    async def end_session(self, refresh_token: str) -> None:
        await self._database.execute(_SQL["end_session"], _hash(refresh_token))

    async def account(self, user_id: UserId) -> Account | None:
        row = await self._database.fetchval(_SQL["account"], user_id)
        return None if row is None else _account(row)

    async def update(
        self, user_id: UserId, *, name: str | None, phone: str | None
    ) -> Account | None:
        row = await self._database.fetchval(_SQL["update"], user_id, name, phone)
        return None if row is None else _account(row)

    async def contacts(self, user_ids: Sequence[UserId]) -> Sequence[Account]:
        return [_account(row[0]) for row in await self._database.fetch(_SQL["contacts"], user_ids)]

    async def provision(self, emails: Sequence[str], names: Sequence[str]) -> Sequence[Account]:
        rows = await self._database.fetch(_SQL["provision"], emails, names)
        return [_account(row[0]) for row in rows]

    async def by_email(self, email: str) -> Stored | None:
        row = await self._database.fetchval(_SQL["by_email"], email)
        return None if row is None else _stored(row)

    async def put_admin(self, email: str, *, password_hash: str) -> None:
        await self._database.execute(_SQL["put_admin"], email, password_hash)

    async def prune(self, *, limit: int) -> int:
        """Forget at most `limit` sessions and as many counts that are over; returns how many."""
        sessions: int = await self._database.fetchval(_SQL["prune_sessions"], limit)
        failures: int = await self._database.fetchval(_SQL["prune_failures"], limit)
        return sessions + failures


def _limits(attempt: Attempt, policy: Policy) -> tuple[str, int, str, int]:
    return (
        attempt.account_key,
        policy.per_account.failures_max,
        attempt.address_key,
        policy.per_address.failures_max,
    )


def _hash(refresh_token: str) -> bytes:
    # A random token of 256 bits cannot be guessed, so a fast hash keeps it as well as a slow one.
    return hashlib.sha256(refresh_token.encode()).digest()


def _account(row: Json) -> Account:
    return Account(**row)


def _stored(row: Json) -> Stored:
    return Stored(account=_account(row["account"]), password_hash=row["password_hash"])
