"""Pages through what was revoked, so that no reader misses a line of a transaction that ended late.

A cursor is `from` or `from.xact.seq`: the next reading begins at transaction `from`, the oldest that had not
ended when the last one was taken; while a reading has more pages, it goes on behind line `xact.seq`.
"""

from dataclasses import dataclass
from typing import Any

from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_platform.adapters.postgres.auth.rows import SQL, Json
from tiketi_platform.adapters.postgres.pool import Database

_NUMBER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPage:
    """Users with the version from which their tokens are good, sessions that are over."""

    users: tuple[tuple[int, int], ...]
    sessions: tuple[int, ...]
    cursor: str
    more: bool


class PostgresRevocations:
    """The feed of auth's own table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, cursor: str | None, *, limit: int) -> RevocationPage:
        """What came since; everything that still matters without a cursor."""
        start, xact, seq = _read(cursor)
        row: Json = await self._database.fetchval(SQL["revocations"], xact, seq, limit)
        if start > row["oldest"]:
            # A cursor of another life of this database: what it says of transactions means nothing here.
            start, row = 0, await self._database.fetchval(SQL["revocations"], 0, -1, limit)
        # The first page of a reading decides where the next reading begins.
        resume = start if seq >= 0 else row["oldest"]
        lines: list[list[Any]] = row["lines"]
        more = len(lines) == limit
        return RevocationPage(
            users=tuple((user, version) for _, _, user, version, _ in lines if user is not None),
            sessions=tuple(session for *_, session in lines if session is not None),
            cursor=f"{resume}.{lines[-1][0]}.{lines[-1][1]}" if more else str(resume),
            more=more,
        )


def _read(cursor: str | None) -> tuple[int, int, int]:
    if cursor is None:
        return 0, 0, -1
    parts = cursor.split(".")
    numbers = [int(part) for part in parts if part.isascii() and part.isdecimal()]
    if len(numbers) != len(parts) or max(numbers) > _NUMBER_MAX or len(parts) not in {1, 3}:
        raise InvalidRequestError("is not a cursor of this listing", field="cursor")
    if len(numbers) == 1:
        return numbers[0], numbers[0], -1
    start, xact, seq = numbers
    return start, xact, seq
