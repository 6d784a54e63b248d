"""What waiting rooms announce, over a connection of its own; what was said while it was down is not repeated.

So a listener must treat `restored` as "anything may have happened" and look for itself.
"""

import asyncio
import logging
import random
from typing import Any, Final, Protocol, cast

from hiredis import Reader, pack_command

from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.address import Address
from tiketi_platform.framework.beside import Beside

_log = logging.getLogger(__name__)
connect_timeout_s: Final = 1.0
confirm_within_s: Final = 2.0
"""A subscription that is not confirmed by then is refused."""
ping_every_s: Final = 5.0
silence_s_max: Final = 15.0
"""Not even an answered ping for so long: the connection counts as dead."""
backoff_s_min: Final = 0.05
backoff_s_max: Final = 2.0
_READ_BYTES: Final = 64 * 1024


class Listener(Protocol):
    """Who wants to know."""

    def announced(self, event_id: EventId, news: bytes) -> None:
        """A room said something; JSON."""

    def restored(self) -> None:
        """The connection was away, and so was whatever was said meanwhile."""


class RoomNews:
    """This process's subscriptions."""

    def __init__(self, address: Address, listener: Listener) -> None:
        self._address = address
        self._listener = listener
        self._events: dict[bytes, EventId] = {}
        self._confirmed: dict[bytes, asyncio.Future[None]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._running = Beside()
        self._heard_at_s = 0.0

    @property
    def rooms_count(self) -> int:
        """Rooms subscribed to."""
        return len(self._events)

    def start(self) -> None:
        """Begin to connect; never gives up."""
        self._running.start(self._run())

    async def stop(self) -> None:
        """Close the connection."""
        await self._running.stop()

    async def subscribe(self, event_id: EventId) -> None:
        """From the return on nothing this room says is missed while the connection stands.

        Raises QueueUnavailableError when it does not stand, and does not come back in time.
        """
        channel = keys.room(event_id).news.encode()
        confirmed = self._confirmed.get(channel)
        if confirmed is None:
            confirmed = asyncio.get_running_loop().create_future()
            self._confirmed[channel] = confirmed
            self._events[channel] = event_id
            self._send("SUBSCRIBE", channel)
        try:
            async with asyncio.timeout(confirm_within_s):
                await asyncio.shield(confirmed)
        except TimeoutError:
            raise QueueUnavailableError(retry_after_s=1) from None

    def unsubscribe(self, event_id: EventId) -> None:
        """No more of this room."""
        channel = keys.room(event_id).news.encode()
        if self._events.pop(channel, None) is not None:
            del self._confirmed[channel]
            self._send("UNSUBSCRIBE", channel)

    # --- the connection ---------------------------------------------------------------------

    def _send(self, *words: str | bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack_command(cast("Any", words)))

    async def _run(self) -> None:
        failures_count = 0
        while True:
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001  # rubbish on the line too: begin anew, never give up
                stood = self._writer is not None
                self._writer = None
                failures_count = 1 if stood else failures_count + 1
                if failures_count == 1:
                    foreseen = isinstance(error, OSError | TimeoutError | EOFError)
                    said = None if foreseen else error
                    _log.warning("%s: no news of rooms: %r", self._address, error, exc_info=said)
            step_s = min(backoff_s_max, backoff_s_min * 2 ** min(failures_count, 10))
            await asyncio.sleep(random.uniform(0.5, 1.0) * step_s)  # noqa: S311  # spreads replicas

    async def _session(self) -> None:
        async with asyncio.timeout(connect_timeout_s):
            if self._address.path:
                opened = await asyncio.open_unix_connection(self._address.path)
            else:
                opened = await asyncio.open_connection(self._address.host, self._address.port)
        reader, writer = opened
        try:
            for command in self._address.greeting("tiketi-news"):
                writer.write(pack_command(cast("Any", command)))
            if self._events:
                writer.write(pack_command(cast("Any", ("SUBSCRIBE", *self._events))))
            self._writer = writer
            self._heard_at_s = asyncio.get_running_loop().time()
            pinging = asyncio.get_running_loop().create_task(self._ping())
            try:
                await self._listen(reader)
            finally:
                pinging.cancel()
        finally:
            writer.close()
            self._renew_confirmations()

    def _renew_confirmations(self) -> None:
        """Those confirmed spoke of a subscription that is no more; who comes now must wait."""
        loop = asyncio.get_running_loop()
        for channel, confirmed in self._confirmed.items():
            if confirmed.done():
                self._confirmed[channel] = loop.create_future()

    async def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(ping_every_s)
            if loop.time() - self._heard_at_s > silence_s_max and self._writer is not None:
                self._writer.transport.abort()
            self._send("PING")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        parser = Reader()
        restored = False
        while True:
            received = await reader.read(_READ_BYTES)
            if not received:
                raise EOFError("Redis closed the connection")
            self._heard_at_s = loop.time()
            parser.feed(received)
            while (reply := parser.gets()) is not False:
                match reply:
                    case Exception():
                        raise EOFError(str(reply))  # it will not be served: begin anew
                    case list():
                        self._take(reply)
            if not restored and all(each.done() for each in self._confirmed.values()):
                restored = True
                self._listener.restored()

    def _take(self, reply: list[Any]) -> None:
        kind, channel, content = (*reply, None)[:3]
        if kind == b"message":
            event_id = self._events.get(channel)
            if event_id is not None:
                self._listener.announced(event_id, content)
        elif kind == b"subscribe":
            confirmed = self._confirmed.get(channel)
            if confirmed is not None and not confirmed.done():
                confirmed.set_result(None)
