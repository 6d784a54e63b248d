"""The keys that sign access tokens, in PostgreSQL; what is private in them is sealed before it comes here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tiketi_core.auth.errors import TooManyFailuresError
from tiketi_platform.adapters.postgres.auth.rows import SQL
from tiketi_platform.adapters.postgres.pool import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One published key."""

    kid: str
    public_key: bytes
    sealed: bytes | None
    """None for the key of a file."""
    state: Literal["next", "current", "retired"]
    created_at_ms: int
    signs_from_ms: int
    retires_at_ms: int | None


class PostgresKeys:
    """All published keys of this service."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(TooManyFailuresError)

    async def published(self, *, kept_s: int) -> Sequence[KeyRow]:
        """The newest first."""
        rows: list[dict[str, Any]] = await self._database.fetchval(SQL["published_keys"], kept_s)
        return [_row(row) for row in rows]

    async def add(
        self,
        kid: str,
        public_key: bytes,
        *,
        sealed: bytes | None,
        ahead_s: int,
        kept_s: int,
        keys_max: int,
    ) -> None:
        """Publish a key unless it is there; raises TooManyFailuresError when there are `keys_max`."""
        await self._database.execute(
            SQL["add_key"], kid, public_key, sealed, ahead_s, kept_s, keys_max
        )

    async def forget(self, *, kept_s: int) -> int:
        """Forget the private halves nobody needs any more; returns how many."""
        forgotten: int = await self._database.fetchval(SQL["forget_keys"], kept_s)
        return forgotten


def _row(row: dict[str, Any]) -> KeyRow:
    sealed = row.pop("sealed")
    public_key = bytes.fromhex(row.pop("public_key"))
    return KeyRow(
        public_key=public_key, sealed=None if sealed is None else bytes.fromhex(sealed), **row
    )
