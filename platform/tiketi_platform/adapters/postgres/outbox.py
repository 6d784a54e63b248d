"""Carries a schema's outbox to its stream, at least once; it reads no payload and skips no row.

    relay = Relay(dsn, "payment", bus, groups=("reservation", "notification"))
    task = asyncio.create_task(relay.run())     # every replica runs one; one per schema is active
    relay.stop(); await task                    # finishes the batch in hand

Order. Rows leave by `seq`, except that a row whose transaction commits after a later `seq` has left
follows it. Messages of one transaction, and of transactions that wait for each other's row locks
before they publish, therefore keep their order; unrelated ones may swap. No cursor is kept, only the
rows that were sent are deleted, so an open transaction can delay its own messages and lose none.

Crash. Sent and not yet deleted: sent again, with the same id; the inbox makes that harmless.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres.availability import is_unavailable
from tiketi_platform.adapters.postgres.pool import Connection, Database, Record, dedicated
from tiketi_platform.adapters.postgres.queries import Queries
from tiketi_platform.framework.relaying import Publisher

_log = logging.getLogger(__name__)

_SQL: Final = Queries.load("messaging")

poll_ms_min: Final = 20
"""Between looks while messages keep coming: the most a message waits for a busy relay."""
poll_ms_max: Final = 100
awake_ms: Final = 1_000
"""Idle for so long, the relay asks to be notified instead of looking."""
sleep_ms_max: Final = 1_000
"""Looks at least so often while asleep, for a notification that got lost."""
trim_every_ms: Final = 2_000
backoff_ms_min: Final = 50
backoff_ms_max: Final = 5_000


async def count_outbox(database: Database) -> int:
    """Messages written and not yet on the stream."""
    return int(await database.fetchval(_SQL["count_outbox"]))


class Relay:
    """One per replica and schema; the one that holds the schema's advisory lock works."""

    def __init__(
        self,
        dsn: str,
        schema: str,
        publisher: Publisher,
        *,
        groups: Sequence[str] = (),
        batch_max: int = bounds.batch_max,
    ) -> None:
        """`groups`: the services that listen to this one; the stream keeps what they still need."""
        self._dsn = dsn
        self._schema = schema
        self._publisher = publisher
        self._groups = tuple(groups)
        self._batch_max = batch_max
        self._stopping = asyncio.Event()
        self._notified = asyncio.Event()
        self._trimmed_at_s = 0.0
        self.relayed_count = 0
        """Messages put on the stream by this replica, for metrics."""

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""
        self._stopping.set()
        self._notified.set()

    async def run(self) -> None:
        """Work until `stop`; outages of PostgreSQL or the bus are waited out with backoff."""
        failures_count = 0
        while not self._stopping.is_set():
            since_count = self.relayed_count
            try:
                async with dedicated(
                    self._dsn, self._schema, application_name=f"tiketi-{self._schema}-relay"
                ) as connection:
                    await self._serve(connection)
            except UnavailableError as error:
                reason: Exception = error
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                if not is_unavailable(error):
                    raise
                reason = error
            else:
                continue
            failures_count = 0 if self.relayed_count > since_count else failures_count + 1
            _log.warning("relay of %s waits: %s", self._schema, reason)
            step_ms = min(backoff_ms_min << min(failures_count, 16), backoff_ms_max)
            await self._pause(step_ms * random.uniform(0.5, 1.0))  # noqa: S311 - only jitter

    async def _serve(self, connection: "asyncpg.Connection[Record]") -> None:
        while not await connection.fetchval(_SQL["try_lead"]):
            await self._pause(sleep_ms_max)
            if self._stopping.is_set():
                return
        # A listener is called for each notification; one event stands for all of them.
        await connection.add_listener(f"outbox_{self._schema}", lambda *_: self._notified.set())
        connection.add_termination_listener(lambda _: self._notified.set())
        await connection.execute(_SQL["wake_up"])
        await self._trim()  # before the first message: a bus may drop what nobody listens to yet
        idle_ms = 0.0
        while not self._stopping.is_set():
            if await self.relay_batch(connection):
                idle_ms = 0.0
                continue
            await self._trim()
            if idle_ms >= awake_ms:
                await self._sleep(connection)
                idle_ms = 0.0
                continue
            poll_ms = min(max(poll_ms_min, idle_ms / 4), poll_ms_max)
            await self._pause(poll_ms)
            idle_ms += poll_ms

    async def relay_batch(self, connection: Connection) -> int:
        """Send the oldest committed messages and forget them; returns how many."""
        rows = await connection.fetch(_SQL["take"], self._batch_max)
        if rows:
            await self._publisher.publish(self._schema, [_message(row) for row in rows])
            await connection.execute(_SQL["drop_taken"], [row["seq"] for row in rows])
            self.relayed_count += len(rows)
        return len(rows)

    async def _sleep(self, connection: "asyncpg.Connection[Record]") -> None:
        """Ask for notifications until one comes; looks in between, and once more after asking."""
        await connection.execute(_SQL["fall_asleep"])
        self._notified.clear()
        while not self._stopping.is_set() and not await self.relay_batch(connection):
            await self._trim()
            await _within(self._notified.wait, sleep_ms_max)
            if self._notified.is_set():
                break
        await connection.execute(_SQL["wake_up"])

    async def _trim(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._trimmed_at_s >= trim_every_ms / 1000:
            self._trimmed_at_s = now_s
            await self._publisher.trim(self._schema, self._groups)

    async def _pause(self, delay_ms: float) -> None:
        await _within(self._stopping.wait, delay_ms)


async def _within(wait: Callable[[], Awaitable[object]], timeout_ms: float) -> None:
    try:
        async with asyncio.timeout(timeout_ms / 1000):
            await wait()
    except TimeoutError:
        return


def _message(row: Record) -> Message:
    return Message(
        MessageId(row["id"]), row["name"], row["payload"], row["occurred_at_ms"], row["request_id"]
    )
