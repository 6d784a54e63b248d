"""Tells of admissions: carries the admission logs of the waiting rooms to the bus, at least once.

    outbox = AdmissionOutbox(client, scripts)
    relay = outbox.relay(bus, groups=("notification",))
    task = asyncio.create_task(relay.run())     # every replica runs one; one per room is active
    relay.stop(); await task                    # finishes the batch in hand

The queue has no tables, so the log that the admitting script writes is the outbox, and admitting costs
nothing more. How far a room was told of is a key of the room; a lease lets one replica at a time tell, and
is renewed before each batch. A batch on the bus is written down even if the lease ended meanwhile, unless
another wrote first: so a bus that is slower than the lease makes repeats, and no standstill.

Crash. Told and not yet written down: told again by whoever gets the lease next, under the same ids, because
an id is made of what the log says. That makes repeating harmless.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId, MessageId
from tiketi_core.kernel.message import Message
from tiketi_core.queue.model import LogLine
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import Reply, array, bulk, bulk_or_none, bulks, integer
from tiketi_platform.adapters.redis.room_replies import log_lines
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.framework.relaying import Publisher
from tiketi_sdk.contract.messages import EntryAdmitted

_log = logging.getLogger(__name__)

SERVICE: Final = "queue"
MESSAGE: Final = "entry.admitted"
ENTRIES_MIN: Final = 8
"""Entries of a log read at first; one may have a thousand lines."""
ENTRIES_MAX: Final = 100
"""Entries read at once where they are short."""
LINES_READ: Final = 8_000
"""Lines that a read is to answer, about; up to 160 kB."""
ROUNDS_MAX: Final = 20
"""Reads of one room before the next room has its turn."""
LEASE_MS: Final = 5_000
"""How long a room waits for another replica after its relay was killed."""
POLL_MS: Final = 200
TRIM_EVERY_MS: Final = 2_000
BACKOFF_MS_MIN: Final = 100
BACKOFF_MS_MAX: Final = 5_000
_KIND: Final = b"admitted "
_NONE_TOLD: Final = b"0-0"


class AdmissionOutbox:
    """The admission logs of all waiting rooms of one Redis."""

    def __init__(self, client: RedisClient, scripts: Scripts, *, lease_ms: int = LEASE_MS) -> None:
        self.client: Final = client
        self.scripts: Final = scripts
        self.lease_ms: Final = lease_ms

    def relay(self, publisher: Publisher, groups: Sequence[str]) -> "AdmissionRelay":
        """What tells of them; `groups`: the services that listen."""
        return AdmissionRelay(self, publisher, groups=groups)

    async def count(self) -> int:
        """Admissions not told of yet; exact where they are few, and never 0 where there is one.

        Raises UnavailableError.
        """
        try:
            return sum([await self._untold_count(event_id) for event_id in await self.rooms()])
        except RedisError as error:
            raise UnavailableError("the admission logs cannot be read right now") from error

    async def _untold_count(self, event_id: EventId) -> int:
        told = bulk_or_none(await self.client.execute("GET", keys.told(event_id)))
        untold_count, after = 0, told or _NONE_TOLD
        count = ENTRIES_MIN
        for _ in range(ROUNDS_MAX):
            entries = await self.entries(event_id, after, count)
            untold_count += sum(_admissions_count(entry) for entry in entries)
            if len(entries) < count:
                return untold_count
            after = _last_id(entries)
            count = _next_count(entries)
        return max(untold_count, 1)

    async def rooms(self) -> list[EventId]:
        """Events whose logs may hold something to tell; a room stays until its log was told to the end."""
        active = bulks(await self.client.execute("ZRANGE", keys.rooms, 0, -1))
        listed = set(bulks(await self.client.execute("SMEMBERS", keys.telling)))
        fresh = [event for event in active if event not in listed]
        if fresh:
            await self.client.execute("SADD", keys.telling, *fresh)
        return [EventId(int(event)) for event in (*listed, *fresh)]

    async def entries(self, event_id: EventId, after: bytes, count: int) -> Sequence[Reply]:
        """The next `count` entries of a log; fewer only at its end."""
        return array(
            await self.client.execute(
                "XRANGE", keys.room(event_id).log, b"(" + after, "+", "COUNT", count
            )
        )


class AdmissionRelay:
    """One per replica; the one that holds a room's lease tells of its admissions."""

    def __init__(
        self, outbox: AdmissionOutbox, publisher: Publisher, *, groups: Sequence[str]
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._groups = tuple(groups)
        self._owner = secrets.token_hex(8)
        self._leased: set[EventId] = set()
        self._stopping = asyncio.Event()
        self._trimmed_at_s: float | None = None
        self.relayed_count = 0
        """Messages put on the bus by this replica, for metrics."""

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`; outages of Redis and of the bus are waited out with backoff."""
        failures_count = 0
        while not self._stopping.is_set():
            try:
                await self._trim()  # first of all: a bus may drop what nobody listens to
                more = await self.relay_round()
            except (RedisError, UnavailableError) as error:
                _log.warning("the relay of admissions waits: %s", error)
                step_ms = min(BACKOFF_MS_MIN << min(failures_count, 16), BACKOFF_MS_MAX)
                failures_count += 1
                await self._pause(step_ms * random.uniform(0.5, 1.0))  # noqa: S311 - only jitter
                continue
            failures_count = 0
            if not more:
                await self._pause(POLL_MS)
        await self._release()

    async def relay_round(self) -> bool:
        """Give every room its turn; whether there may be more to tell at once."""
        more = False
        for event_id in await self._outbox.rooms():
            if self._stopping.is_set():
                return False
            more |= await self._relay_room(event_id)
        return more

    async def _relay_room(self, event_id: EventId) -> bool:
        after = await self._lease(event_id)
        if after is None:
            return False
        count = ENTRIES_MIN
        for _ in range(ROUNDS_MAX):
            entries = await self._outbox.entries(event_id, after, count)
            if not entries:
                await self._forget_idle(event_id)
                return False
            for batch in _batches(entries):
                if not await self._tell(event_id, batch, after=after):
                    return False
                after = _last_id(batch)
                if self._stopping.is_set():
                    return False
            if len(entries) < count:
                return False
            count = _next_count(entries)
        return True

    async def _tell(self, event_id: EventId, batch: Sequence[Reply], *, after: bytes) -> bool:
        """Tell of the entries that follow `after`; False where another replica tells of them."""
        messages = [_message(event_id, line) for line in _admissions(batch)]
        if messages:
            if await self._lease(event_id) != after:
                return False
            await self._publisher.publish(SERVICE, messages)
            self.relayed_count += len(messages)
        return await self._advance(event_id, _last_id(batch), after=after)

    async def _lease(self, event_id: EventId) -> bytes | None:
        reply = await self._outbox.scripts.run(
            "admissions/lease",
            (keys.teller(event_id), keys.told(event_id)),
            (self._owner, self._outbox.lease_ms),
        )
        told = bulk_or_none(reply)
        if told is not None:
            self._leased.add(event_id)
        return told

    async def _advance(self, event_id: EventId, told: bytes, *, after: bytes) -> bool:
        reply = await self._outbox.scripts.run(
            "admissions/advance",
            (keys.teller(event_id), keys.told(event_id)),
            (self._owner, self._outbox.lease_ms, told, after),
        )
        return integer(reply) == 1

    async def _forget_idle(self, event_id: EventId) -> None:
        """Look no more at a room that is not pumped any more: nothing is added to its log."""
        score = await self._outbox.client.execute("ZSCORE", keys.rooms, event_id)
        if score is None:
            await self._outbox.client.execute("SREM", keys.telling, event_id)

    async def _release(self) -> None:
        with suppress(RedisError):  # it ends by itself
            for event_id in self._leased:
                await self._outbox.scripts.run(
                    "admissions/release", (keys.teller(event_id),), (self._owner,)
                )

    async def _trim(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._trimmed_at_s is None or now_s - self._trimmed_at_s >= TRIM_EVERY_MS / 1000:
            await self._publisher.trim(SERVICE, self._groups)
            self._trimmed_at_s = now_s

    async def _pause(self, delay_ms: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_ms / 1000):
                await self._stopping.wait()


def _admissions(entries: Sequence[Reply]) -> Iterator[LogLine]:
    """The lines that tell of admissions; those of other kinds are not even taken apart."""
    for entry in entries:
        _, fields = array(entry)
        if bulk(array(fields)[1]).startswith(_KIND):
            yield from log_lines(entry)


def _lines_count(entry: Reply) -> int:
    """Counted by the spaces between the words: `kind capacity user number user number …`."""
    _, fields = array(entry)
    return bulk(array(fields)[1]).count(b" ") // 2


def _admissions_count(entry: Reply) -> int:
    _, fields = array(entry)
    return _lines_count(entry) if bulk(array(fields)[1]).startswith(_KIND) else 0


def _next_count(entries: Sequence[Reply]) -> int:
    """How many entries to read next, if they are as long as these."""
    lines_count = max(1, sum(map(_lines_count, entries)))
    count = LINES_READ * len(entries) // lines_count
    return max(1, min(count, 2 * len(entries), ENTRIES_MAX))


def _batches(entries: Sequence[Reply]) -> Iterator[Sequence[Reply]]:
    """Whole entries, with as many admissions as are published at once; one entry has no more."""
    first, admissions_count = 0, 0
    for place, entry in enumerate(entries):
        admissions_count += _admissions_count(entry)
        if admissions_count > bounds.batch_max:
            yield entries[first:place]
            first, admissions_count = place, _admissions_count(entry)
    yield entries[first:]


def _last_id(entries: Sequence[Reply]) -> bytes:
    return bulk(array(entries[-1])[0])


def _message(event_id: EventId, line: LogLine) -> Message:
    assert line.user_id is not None, "whoever was admitted is somebody"
    assert line.number is not None, "whoever was admitted had a number"
    payload = EntryAdmitted(event_id=event_id, user_id=line.user_id, number=line.number)
    return Message(
        # The moment is part of it: a Redis that lost its last second gives a number again, to somebody else.
        MessageId(f"{MESSAGE}:{event_id}:{line.number}:{line.at_ms}"),
        MESSAGE,
        payload.model_dump(),
        line.at_ms,
    )
