"""Runs work of several statements as one transaction, again when it lost a deadlock; nothing else.

    await unit_of_work.run(database, lambda connection: settle(connection, payment_id))

`Database.transaction()` is enough where nothing can deadlock; one SQL function is better than both.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tiketi_platform.adapters.postgres.availability import CONFLICTS
from tiketi_platform.adapters.postgres.pool import (
    Connection,
    Database,
    attempts_max,
    yield_to_winner,
)

T = TypeVar("T")


async def run(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do `work` in one READ COMMITTED transaction and return its result.

    `work` may run up to `attempts_max` times, so it changes nothing but the database. Raises what
    `work` raises, and UnavailableError when every attempt lost.
    """
    for attempt in range(1, attempts_max + 1):
        try:
            async with database.transaction() as connection:
                return await work(connection)
        except CONFLICTS as error:
            await yield_to_winner(attempt, error)
    raise AssertionError("the last attempt returns or raises")
