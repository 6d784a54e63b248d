"""Reads streams as one member of a group and hands batches to a handler; it never loses a message.

    consumer = Consumer(bus, url, group="reservation", name="reservation-1",
                        services=("payment",), handler=applying(database, "reservation", confirm))
    task = asyncio.create_task(consumer.run())
    consumer.stop(); await task                  # finishes the batch in hand

A handler gets messages of one stream, oldest first, and applies all or none of them. What it raises:

* UnavailableError: nothing is counted; the same batch is tried again, with backoff, until it works.
* anything else: the batch is taken apart and its messages are tried one by one; a message that fails
  is tried again with growing pauses while later ones pass it, and after `attempts_max` tries goes to
  the group's dead letters.

A message delivered to a member that died is claimed by another after `abandoned_ms`. Delivery is at
least once: the handler must bear repetition (postgres/inbox.py). Groups are made, from the stream's
beginning, when they are missing. Names are unique among living members and best kept over restarts.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.bus import (
    MalformedMessage,
    StreamBus,
    dead_letters_max,
    decode,
    pairs,
)
from tiketi_platform.adapters.redis.client import RedisClient, timeout_ms_default
from tiketi_platform.adapters.redis.errors import RedisError
from tiketi_platform.adapters.redis.replies import Argument, Reply, array, bulk, integer

_log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Sequence[Message]], Awaitable[None]]

_Raw: TypeAlias = list[tuple[bytes, dict[bytes, bytes]]]
"""Entries of one stream: id, fields."""

block_ms_default: Final = 200
"""One blocking read, and so the most that a graceful stop of an idle consumer takes."""
retry_ms_min_default: Final = 200
retry_ms_max_default: Final = 30_000
abandoned_ms_default: Final = 30_000
_GONE_MS: Final = 3_600_000
"""A member without anything pending that has not been heard of for so long is forgotten."""
_REASONS_MAX: Final = 10_000
_REASON_CHARS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class _Entry:
    id: bytes
    message: Message


@dataclass(frozen=True, slots=True)
class _Pending:
    id: bytes
    is_ours: bool
    idle_ms: int
    deliveries_count: int


class Consumer:
    """One member of one group, on any number of streams."""

    def __init__(
        self,
        bus: StreamBus,
        url: str,
        *,
        group: str,
        name: str,
        services: Sequence[str],
        handler: Handler,
        batch_max: int = bounds.batch_max,
        attempts_max: int = bounds.delivery_attempts_max,
        block_ms: int = block_ms_default,
        retry_ms_min: int = retry_ms_min_default,
        retry_ms_max: int = retry_ms_max_default,
        abandoned_ms: int = abandoned_ms_default,
    ) -> None:
        """`services`: whose streams to read; `url`: the same Redis as the bus's."""
        self._bus = bus
        self._url = url
        self._group = group
        self._name = name
        self._services = {keys.messages(service).encode(): service for service in services}
        self._handler = handler
        self._batch_max = batch_max
        self._attempts_max = attempts_max
        self._block_ms = block_ms
        self._retry_ms_min = retry_ms_min
        self._retry_ms_max = retry_ms_max
        self._abandoned_ms = abandoned_ms
        self._stopping = asyncio.Event()
        self._retried_at_s = 0.0
        self._cursors: dict[bytes, bytes] = {}
        self._reasons: dict[bytes, str] = {}
        self.applied_count = 0
        """Messages handled and acknowledged by this member, for metrics."""
        self.buried_count = 0
        """Messages this member gave up on, for metrics."""

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`; outages of Redis are waited out with backoff."""
        failures_count = 0
        while not self._stopping.is_set():
            since_count = self.applied_count
            try:
                await self._join()
                async with await self._reader() as reader:
                    await self._serve(reader)
            except (RedisError, OSError, TimeoutError) as error:
                # NOGROUP too: a Redis that was emptied gets its groups again.
                failures_count = 0 if self.applied_count > since_count else failures_count + 1
                _log.warning("%s of %s waits: %s", self._name, self._group, error)
                await self._pause(self._backoff_ms(failures_count))

    async def _reader(self) -> RedisClient:
        """A connection of its own: a read that blocks would keep all others waiting."""
        return await RedisClient.connect(
            self._url, timeout_ms=self._block_ms + timeout_ms_default, client_name=self._name
        )

    async def _join(self) -> None:
        """Make groups that are missing and forget members that are long gone."""
        for stream, service in self._services.items():
            await self._bus.ensure_group(service, self._group)
            execute = self._bus.client.execute
            for reply in array(await execute("XINFO", "CONSUMERS", stream, self._group)):
                member = pairs(reply)
                name = bulk(member[b"name"])
                if integer(member[b"pending"]) == 0 and integer(member[b"idle"]) > _GONE_MS:
                    await execute("XGROUP", "DELCONSUMER", stream, self._group, name)

    async def _serve(self, reader: RedisClient) -> None:
        streams = list(self._services)
        command: list[Argument] = ["XREADGROUP", "GROUP", self._group, self._name]
        command += ["COUNT", self._batch_max, "BLOCK", self._block_ms]
        command += ["STREAMS", *streams, *(">" for _ in streams)]
        while not self._stopping.is_set():
            await self._retry_due()
            # What comes after the deadline stays pending under our name and is found by _retry_due.
            read = await reader.execute(*command)
            for row in array(read or []):
                stream, entries = array(row)
                await self._receive(bulk(stream), _raw(entries))

    # --- handling ---------------------------------------------------------------------------

    async def _receive(self, stream: bytes, raw: _Raw) -> None:
        entries: list[_Entry] = []
        for entry_id, fields in raw:
            try:
                entries.append(_Entry(entry_id, decode(fields)))
            except MalformedMessage as error:
                await self._bury(stream, entry_id, reason=str(error), attempts_count=1)
        if entries and not await self._try(stream, entries) and len(entries) > 1:
            for entry in entries:
                if self._stopping.is_set():
                    return  # the rest stays pending, for this name or for whoever claims it
                await self._try(stream, [entry])

    async def _try(self, stream: bytes, entries: Sequence[_Entry]) -> bool:
        """Handle and acknowledge; False if the handler failed, and the entries stay pending."""
        messages = [entry.message for entry in entries]
        ids = [entry.id for entry in entries]
        unavailable_count = 0
        while True:
            try:
                await self._handler(messages)
                break
            except UnavailableError as error:
                unavailable_count += 1
                _log.warning("%s of %s waits: %s", self._name, self._group, error)
                await self._pause(self._backoff_ms(unavailable_count))
                if self._stopping.is_set():
                    return True  # not failed, only not done: it stays pending
                await self._keep(stream, ids)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed try
                self._note(entries, error)
                return False
        await self._bus.client.execute("XACK", stream, self._group, *ids)
        for entry_id in ids:
            self._reasons.pop(entry_id, None)
        self.applied_count += len(ids)
        return True

    def _note(self, entries: Sequence[_Entry], error: Exception) -> None:
        if len(entries) > 1:
            _log.info("%s: a batch of %d is taken apart: %r", self._group, len(entries), error)
            return
        message = entries[0].message
        _log.warning("%s could not apply %s %s: %r", self._group, message.name, message.id, error)
        if len(self._reasons) >= _REASONS_MAX:
            self._reasons.pop(next(iter(self._reasons)))
        self._reasons[entries[0].id] = repr(error)[:_REASON_CHARS_MAX]

    async def _keep(self, stream: bytes, ids: Sequence[bytes]) -> None:
        """Stay the owner of what waits for an outage to end, without counting a delivery."""
        await self._bus.client.execute("XCLAIM", stream, self._group, self._name, 0, *ids, "JUSTID")

    # --- trying again -----------------------------------------------------------------------

    async def _retry_due(self) -> None:
        """Take up what failed here long enough ago, and what others have abandoned."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._retried_at_s < self._retry_ms_min / 1000:
            return
        self._retried_at_s = now_s
        for stream in self._services:
            due = [each for each in await self._pending(stream) if self._is_due(each)]
            for each in due:
                if each.deliveries_count >= self._attempts_max:
                    reason = self._reasons.pop(each.id, "never handled to the end")
                    await self._bury(
                        stream, each.id, reason=reason, attempts_count=each.deliveries_count
                    )
            again = [each for each in due if each.deliveries_count < self._attempts_max]
            await self._claim(stream, [each for each in again if each.is_ours], self._retry_ms_min)
            await self._claim(
                stream, [each for each in again if not each.is_ours], self._abandoned_ms
            )

    async def _pending(self, stream: bytes) -> list[_Pending]:
        """The next page of what has been pending for a while; pages follow each other round."""
        reply = await self._bus.client.execute(
            *("XPENDING", stream, self._group, "IDLE", self._retry_ms_min),
            *(self._cursors.pop(stream, b"-"), "+", self._batch_max),
        )
        page = [_pending(row, self._name) for row in array(reply)]
        if len(page) == self._batch_max:
            self._cursors[stream] = b"(" + page[-1].id
        return page

    def _is_due(self, each: _Pending) -> bool:
        if not each.is_ours:
            return each.idle_ms >= self._abandoned_ms
        step_ms = self._retry_ms_min << min(each.deliveries_count - 1, 16)
        return each.idle_ms >= min(step_ms, self._retry_ms_max)

    async def _claim(self, stream: bytes, due: Sequence[_Pending], idle_ms: int) -> None:
        """Handle those that are still as idle: of two members that see one, one gets it."""
        if not due:
            return
        reply = await self._bus.client.execute(
            *("XCLAIM", stream, self._group, self._name, idle_ms), *(each.id for each in due)
        )
        await self._receive(stream, _raw(reply))

    async def _bury(
        self, stream: bytes, entry_id: bytes, *, reason: str, attempts_count: int
    ) -> None:
        service = self._services[stream]
        buried = await self._bus.scripts.run(
            "bus/bury",
            [stream, keys.dead_letters(service, self._group)],
            [self._group, entry_id, dead_letters_max, reason, attempts_count],
        )
        if buried:
            self.buried_count += 1
            _log.error("%s gave up on %r of %s: %s", self._group, entry_id, service, reason)

    # --- waiting ----------------------------------------------------------------------------

    def _backoff_ms(self, failures_count: int) -> float:
        step_ms = min(self._retry_ms_min << min(failures_count, 16), self._retry_ms_max) / 2
        return step_ms * random.uniform(0.5, 1.0)  # noqa: S311 - only jitter

    async def _pause(self, delay_ms: float) -> None:
        try:
            async with asyncio.timeout(delay_ms / 1000):
                await self._stopping.wait()
        except TimeoutError:
            return


def _raw(entries: Reply) -> _Raw:
    raw: _Raw = []
    for row in array(entries):
        entry_id, fields = array(row)
        raw.append((bulk(entry_id), {name: bulk(value) for name, value in pairs(fields).items()}))
    return raw


def _pending(row: Reply, name: str) -> _Pending:
    entry_id, owner, idle_ms, deliveries_count = array(row)
    return _Pending(
        bulk(entry_id), bulk(owner) == name.encode(), integer(idle_ms), integer(deliveries_count)
    )
