"""Applies messages of other services at most once: mark and effect in one transaction.

    async def confirm(connection: Connection, message: Message) -> None: ...
    handler = applying(database, "reservation", confirm)      # for the bus's Consumer

`applying_all` gives a slice the whole batch: with one round trip for all it is several times as fast.

A slice whose effect is one SQL function asks there: `IF NOT apply_once(message_id, 'reservation')`.
Marks are kept `inbox_kept_s` after a message was published; one that arrives again later than that
would be applied again, which only a replay by hand of that age can bring about.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from tiketi_core.kernel.bounds import batch_max
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres import unit_of_work
from tiketi_platform.adapters.postgres.pool import Connection, Database
from tiketi_platform.adapters.postgres.queries import Queries

Apply: TypeAlias = Callable[[Connection, Message], Awaitable[None]]
"""One message's effect, within the transaction it is given."""

ApplyAll: TypeAlias = Callable[[Connection, Sequence[Message]], Awaitable[None]]
"""The effect of several messages, in order, within the transaction it is given."""

Handler: TypeAlias = Callable[[Sequence[Message]], Awaitable[None]]
"""What a bus Consumer calls."""

inbox_kept_s: Final = 7 * 24 * 3600

_SQL: Final = Queries.load("messaging")


async def apply_once(connection: Connection, message_id: str, consumer: str) -> bool:
    """Whether `consumer` has still to apply the message; marks it in the caller's transaction."""
    return bool(await connection.fetchval(_SQL["apply_once"], message_id, consumer))


async def fresh(
    connection: Connection, messages: Sequence[Message], consumer: str
) -> list[Message]:
    """Those that `consumer` has still to apply, each once and in order; marks them all."""
    ids = [message.id for message in messages]
    rows = await connection.fetch(_SQL["apply_batch"], ids, consumer)
    new = {row["message_id"] for row in rows}
    found: list[Message] = []
    for message in messages:
        if message.id in new:
            new.discard(message.id)
            found.append(message)
    return found


def applying(database: Database, consumer: str, apply: Apply) -> Handler:
    """A handler of whole batches: one transaction, every new message applied in order.

    When `apply` raises, nothing of the batch is applied and the handler raises it too.
    """

    async def one_by_one(connection: Connection, messages: Sequence[Message]) -> None:
        for message in messages:
            await apply(connection, message)

    return applying_all(database, consumer, one_by_one)


def applying_all(database: Database, consumer: str, apply: ApplyAll) -> Handler:
    """As `applying`, for an effect that takes all new messages of a batch in one round trip.

    `connection.executemany` is one; so is a function that takes arrays. `apply` never gets none.
    """

    async def handle(messages: Sequence[Message]) -> None:
        async def work(connection: Connection) -> None:
            new = await fresh(connection, messages, consumer)
            if new:
                await apply(connection, new)

        await unit_of_work.run(database, work)

    return handle


async def prune(database: Database, *, kept_s: int = inbox_kept_s) -> int:
    """Forget marks of messages published more than `kept_s` ago; returns how many. For periodic use."""
    total_count = 0
    while True:
        count: int = await database.fetchval(_SQL["prune_inbox"], kept_s, batch_max)
        total_count += count
        if count < batch_max:
            return total_count
