"""One service's connections to PostgreSQL: bounded in number and in waiting; it knows no statement.

    database = await Database.connect(dsn, "reservation")
    row = await database.fetchrow(SQL["hold_seats"], user_id, seat_ids)      # one round trip
    async with database.transaction() as connection:                         # several
        await connection.execute(...)
    mine = database.refusing(SeatTakenError, HoldExpiredError)               # what functions raise

Errors: UnavailableError when no connection comes free within `acquire_timeout_ms`, when one breaks,
and when a statement or a lock takes longer than it may; the declared refusals of SQL functions as
their classes; everything else is a fault of ours and passes as asyncpg raised it. A statement that
broke may have run. One that lost a deadlock has not, and is run again, at most `attempts_max` times.

Connections are returned as they are (no RESET): never change a session's settings, take session
locks or LISTEN on one; `dedicated` gives a connection for that.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import Pool, PoolConnectionProxy

from tiketi_core.kernel.errors import DomainError, UnavailableError
from tiketi_platform.adapters.postgres.availability import CONFLICTS, is_unavailable
from tiketi_platform.adapters.postgres.queries import Queries
from tiketi_platform.adapters.postgres.refusals import (
    KERNEL,
    Refusals,
    refusal,
    refused,
    table,
)
from tiketi_platform.framework.deadlines import Deadlines

Record: TypeAlias = asyncpg.Record
Connection: TypeAlias = "asyncpg.Connection[Record] | PoolConnectionProxy[Record]"
"""What statements run on, pooled or dedicated."""

connections_min_default: Final = 1
connections_max_default: Final = 12
acquire_timeout_ms_default: Final = 6_000
"""Noticed up to half a second later: one timer serves all who wait."""
connect_timeout_ms_default: Final = 5_000
statement_timeout_ms_default: Final = 5_000
lock_timeout_ms_default: Final = 2_000
idle_in_transaction_timeout_ms_default: Final = 10_000
attempts_max: Final = 3
"""Runs of a statement or a unit of work that keeps losing deadlocks."""

_ANSWER_SLACK_S: Final = 2.0
"""How much longer than the server's own limit we wait for an answer before the network is to blame."""
_STATEMENTS_CACHED_MAX: Final = 256
_SQL: Final = Queries.load("foundation")


class Translation:
    """A block whose database errors leave it as the domain's; holds no state of the block."""

    __slots__ = ("_refusals",)

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, DomainError):
            return
        if isinstance(error, asyncpg.RaiseError):
            meant = refusal(error, self._refusals)
            if meant is not None:
                raise meant from error
        elif is_unavailable(error):
            raise UnavailableError("the database does not answer right now") from error


class _Lease:
    """One connection of the pool for the time of a block."""

    __slots__ = ("_connection", "_patience", "_pool", "_translated")

    def __init__(self, pool: "Pool[Record]", patience: Deadlines, translated: Translation) -> None:
        self._pool = pool
        self._patience = patience
        self._translated = translated

    async def __aenter__(self) -> Connection:
        # Not the pool's own timeout: it makes a timer and a task scope for everybody who waits.
        with self._translated, self._patience:
            self._connection = await self._pool.acquire()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._translated:
            await self._pool.release(self._connection)
        self._translated.__exit__(kind, error, traceback)


class Database:
    """A pool, and what its callers' refusals mean. `refusing` gives another view of the same pool."""

    def __init__(
        self, pool: "Pool[Record]", *, patience: Deadlines, refusals: Refusals = KERNEL
    ) -> None:
        """`patience`: how long callers wait for a connection; shared by all views of a pool."""
        self._pool = pool
        self._patience = patience
        self._refusals = refusals
        self.translated: Final = Translation(refusals)
        """`with database.translated:` around what runs on a connection of one's own."""

    @classmethod
    async def connect(
        cls,
        dsn: str,
        schema: str,
        *,
        application_name: str = "",
        connections_min: int = connections_min_default,
        connections_max: int = connections_max_default,
        acquire_timeout_ms: int = acquire_timeout_ms_default,
        statement_timeout_ms: int = statement_timeout_ms_default,
        lock_timeout_ms: int = lock_timeout_ms_default,
    ) -> Self:
        """Open the pool of the service that owns `schema`.

        Raises UnavailableError when the server cannot be reached, asyncpg's error for a wrong
        password or database.
        """
        opening: Pool[Record] = asyncpg.create_pool(
            dsn,
            min_size=connections_min,
            max_size=connections_max,
            reset=_leave_as_it_is,
            init=_use_orjson,
            timeout=connect_timeout_ms_default / 1000,
            command_timeout=statement_timeout_ms / 1000 + _ANSWER_SLACK_S,
            statement_cache_size=_STATEMENTS_CACHED_MAX,
            max_cached_statement_lifetime=0,
            server_settings=session_settings(
                schema,
                application_name=application_name,
                statement_timeout_ms=statement_timeout_ms,
                lock_timeout_ms=lock_timeout_ms,
            ),
        )
        with Translation(KERNEL):
            pool = await opening
        return cls(pool, patience=Deadlines(acquire_timeout_ms / 1000))

    def refusing(self, *classes: type[DomainError]) -> "Database":
        """The same pool for callers whose SQL functions raise the codes of these classes too."""
        return Database(
            self._pool,
            patience=self._patience,
            refusals={**self._refusals, **table(*classes)},
        )

    def refused(self, code: str, extras: Mapping[str, object] | None = None) -> DomainError:
        """The error to raise for a code that a function returned instead of raising it."""
        return refused(code, extras or {}, self._refusals)

    async def close(self, *, timeout_ms: int = 5_000) -> None:
        """Wait for connections in use, at most `timeout_ms`, then cut them."""
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    # --- one statement, one round trip ------------------------------------------------------

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        """All rows of one statement."""
        for attempt in range(1, attempts_max + 1):
            try:
                async with self.acquire() as connection:
                    return await connection.fetch(sql, *args)
            except CONFLICTS as error:
                await yield_to_winner(attempt, error)
        raise AssertionError("the last attempt returns or raises")

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        """The first row, or None."""
        for attempt in range(1, attempts_max + 1):
            try:
                async with self.acquire() as connection:
                    return await connection.fetchrow(sql, *args)
            except CONFLICTS as error:
                await yield_to_winner(attempt, error)
        raise AssertionError("the last attempt returns or raises")

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(sql, *args)
        return None if row is None else row[0]

    async def execute(self, sql: str, *args: Any) -> None:
        """One statement without a result."""
        await self.fetch(sql, *args)

    # --- several statements -----------------------------------------------------------------

    def acquire(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for reading with several statements; for writing use `transaction`."""
        return _Lease(self._pool, self._patience, self.translated)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All of the block or nothing, READ COMMITTED. No network call inside of it.

        A lost deadlock leaves as asyncpg raised it; `unit_of_work.run` repeats the work.
        """
        async with self.acquire() as connection, connection.transaction():
            yield connection

    async def ping(self) -> None:
        """For readiness. Raises UnavailableError."""
        await self.fetchval(_SQL["ping"])

    @property
    def connections_count(self) -> int:
        """Open connections, for metrics."""
        return self._pool.get_size()

    @property
    def idle_count(self) -> int:
        """Open connections nobody uses, for metrics."""
        return self._pool.get_idle_size()


def session_settings(
    schema: str,
    *,
    application_name: str = "",
    statement_timeout_ms: int = statement_timeout_ms_default,
    lock_timeout_ms: int = lock_timeout_ms_default,
) -> dict[str, str]:
    """Server settings of a session that works in `schema`; 0 ms is no limit."""
    return {
        "search_path": f"{schema}, extensions",
        "application_name": application_name or f"tiketi-{schema}",
        "statement_timeout": f"{statement_timeout_ms}ms",
        "lock_timeout": f"{lock_timeout_ms}ms",
        "idle_in_transaction_session_timeout": f"{idle_in_transaction_timeout_ms_default}ms",
        "timezone": "UTC",
        "jit": "off",
    }


def dedicated(
    dsn: str,
    schema: str,
    *,
    application_name: str = "",
    statement_timeout_ms: int = statement_timeout_ms_default,
    lock_timeout_ms: int = lock_timeout_ms_default,
) -> AbstractAsyncContextManager["asyncpg.Connection[Record]"]:
    """A connection outside of any pool, for LISTEN and session locks; closed with the block.

    Raises what asyncpg raises; `is_unavailable` tells what to try again.
    """
    return _dedicated(
        dsn,
        answer_timeout_s=statement_timeout_ms / 1000 + _ANSWER_SLACK_S
        if statement_timeout_ms
        else None,
        settings=session_settings(
            schema,
            application_name=application_name,
            statement_timeout_ms=statement_timeout_ms,
            lock_timeout_ms=lock_timeout_ms,
        ),
    )


@asynccontextmanager
async def _dedicated(
    dsn: str, *, answer_timeout_s: float | None, settings: dict[str, str]
) -> AsyncIterator["asyncpg.Connection[Record]"]:
    connection: asyncpg.Connection[Record] = await asyncpg.connect(
        dsn,
        timeout=connect_timeout_ms_default / 1000,
        command_timeout=answer_timeout_s,
        server_settings=settings,
    )
    try:
        await _use_orjson(connection)
        yield connection
    finally:
        if not connection.is_closed():
            try:
                await connection.close(timeout=1)
            except (OSError, TimeoutError, asyncpg.PostgresError):
                connection.terminate()


async def yield_to_winner(attempt: int, error: Exception) -> None:
    """Wait a moment before the next attempt; after the last one raises UnavailableError."""
    if attempt >= attempts_max:
        raise UnavailableError("too many are changing the same thing right now") from error
    await asyncio.sleep(random.uniform(0.001, 0.01) * attempt)  # noqa: S311 - only jitter


async def _leave_as_it_is(_: "asyncpg.Connection[Record]") -> None:
    """The default reset costs a round trip per use; our sessions have no state to reset."""


async def _use_orjson(connection: "asyncpg.Connection[Record]") -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=_encode_json, decoder=orjson.loads
        )


def _encode_json(value: object) -> str:
    return orjson.dumps(value).decode()
