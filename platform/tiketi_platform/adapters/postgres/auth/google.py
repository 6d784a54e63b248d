"""Which Google account may log in to which account of ours, in PostgreSQL."""

from tiketi_core.auth import errors
from tiketi_core.auth.model import Attempt, GoogleIdentity, Opened, Origin, Stored
from tiketi_platform.adapters.postgres.auth import rows
from tiketi_platform.adapters.postgres.auth.rows import SQL, Json, hash_of
from tiketi_platform.adapters.postgres.pool import Database


class PostgresGoogleAccounts:
    """The `GoogleAccounts` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(*rows.REFUSED, errors.LinkTokenInvalidError)

    async def enter(
        self,
        identity: GoogleIdentity,
        origin: Origin,
        *,
        refresh_token: str,
        ttl_s: int,
        request_id: str,
    ) -> Opened | None:
        row = await self._database.fetchval(
            SQL["enter_by_google"],
            identity.subject,
            identity.email,
            identity.name,
            identity.picture,
            hash_of(refresh_token),
            ttl_s,
            origin.device,
            origin.address,
            request_id,
        )
        return None if row is None else rows.opened(row)

    async def link(
        self,
        stored: Stored,
        attempt: Attempt,
        origin: Origin,
        *,
        subject: str,
        email: str,
        refresh_token: str,
        ttl_s: int,
    ) -> Opened:
        row: Json = await self._database.fetchval(
            SQL["link_google"],
            stored.account.id,
            stored.password_hash,
            subject,
            email,
            hash_of(refresh_token),
            ttl_s,
            origin.device,
            origin.address,
            attempt.account_key,
            attempt.address_key,
        )
        return rows.opened(row)
