"""One socket to Redis, shared by many callers; it never reconnects and never sends a command twice.

Commands of one loop tick leave in one write, and those that come while replies are owed in the next one.
Replies come in the order of the commands, so each command owns a *slot* from the moment it is accepted until
its reply is read, whether or not its caller still waits.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, compress, islice
from typing import Final, cast

from hiredis import Reader, pack_command

from tiketi_platform.adapters.redis.address import Address
from tiketi_platform.adapters.redis.errors import (
    RedisError,
    RedisOverloaded,
    RedisProtocolError,
    RedisTimeout,
    RedisUnavailable,
    reply_error,
)
from tiketi_platform.adapters.redis.patience import Patience
from tiketi_platform.adapters.redis.replies import Argument, Reply

_INCOMPLETE: Final = object()
_SWEEP_S_MIN: Final = 0.005
_HELD_BYTES_MAX: Final = 16 * 1024
"""What may gather before it is written although replies are owed: the socket's own buffer bounds the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection may cost."""

    timeout_ms: int
    """A command without its own deadline fails this long after it was issued, if nothing was heard for as long.

    While replies come, it stands in a line that moves, and waits for `silence_ms` at the most."""
    silence_ms: int
    """Replies owed and not a byte for this long: the connection counts as dead and is cut."""
    connect_timeout_ms: int
    """From the first packet to the greeting's last reply."""
    in_flight_max: int
    """Slots: commands accepted whose replies have not been read."""
    outgoing_bytes_max: int
    """Bytes the kernel has not taken yet; above it commands are refused."""


class Connection(asyncio.Protocol):
    """Accepts commands from its creation on; sends them once the greeting has been answered."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._loop = loop
        self._create_future = loop.create_future
        self._limits = limits
        self._in_flight_max = limits.in_flight_max
        self._timeout_s = limits.timeout_ms / 1000
        self._reader = Reader(
            protocolError=RedisProtocolError, replyError=reply_error, notEnoughData=_INCOMPLETE
        )
        self._transport: asyncio.Transport | None = None
        self._greeting: deque[asyncio.Future[Reply]] = deque()
        self._slots: deque[asyncio.Future[Reply]] = deque()
        self._outgoing: list[bytes] = []
        self._outgoing_bytes = 0
        self._flush_due = False
        self._ready = False
        self._congested = False
        self._lost: RedisUnavailable | None = None
        self._on_lost: Callable[[Connection, RedisUnavailable], None] | None = None
        self._emptied: asyncio.Future[None] | None = None
        self._patience = Patience(
            timeout_s=limits.timeout_ms / 1000, silence_s=limits.silence_ms / 1000
        )
        self._own_deadline: set[asyncio.Future[Reply]] = set()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self.opened_at_s = 0.0

    @property
    def in_flight_count(self) -> int:
        """Slots taken: replies owed to callers, waiting or gone."""
        return len(self._slots)

    @property
    def ready(self) -> bool:
        """The greeting was answered and the socket still stands."""
        return self._ready

    # --- callers ----------------------------------------------------------------------------

    def send(self, args: tuple[Argument, ...]) -> asyncio.Future[Reply]:
        """Take a slot and queue the command for this tick's write.

        The future fails with a RedisError; cancelling it abandons the reply and leaves the slot taken.
        """
        future: asyncio.Future[Reply] = self._create_future()
        if self._lost is not None:
            future.set_exception(RedisUnavailable(str(self._lost), sent=False))
            return future
        if len(self._slots) >= self._in_flight_max or self._congested:
            future.set_exception(self._overloaded())
            return future
        command = pack_command(args)  # type: ignore[arg-type]  # stub says 1-tuple
        self._outgoing.append(command)
        self._outgoing_bytes += len(command)
        self._slots.append(future)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)
        return future

    def expire_at(self, future: asyncio.Future[Reply], *, timeout_ms: int) -> None:
        """Give a command just sent a deadline of its own, instead of the connection's."""
        if future.done():
            return
        timer = self._loop.call_later(timeout_ms / 1000, _time_out, future, timeout_ms)
        self._own_deadline.add(future)

        def forget(done: asyncio.Future[Reply]) -> None:
            timer.cancel()
            self._own_deadline.discard(done)

        future.add_done_callback(forget)

    def _overloaded(self) -> RedisOverloaded:
        if self._congested:
            return RedisOverloaded(f"Redis reads slower than we write; {len(self._slots)} wait")
        return RedisOverloaded(f"{self._in_flight_max} commands already wait for Redis")

    # --- life -------------------------------------------------------------------------------

    async def open(
        self,
        address: Address,
        client_name: str,
        *,
        on_lost: "Callable[[Connection, RedisUnavailable], None]",
    ) -> None:
        """Connect and greet; from its return on `on_lost` is called once, when the socket is gone.

        Raises OSError, TimeoutError or RedisError; whoever queued commands has then been told.
        """
        try:
            async with asyncio.timeout(self._limits.connect_timeout_ms / 1000):
                await self._dial(address)
                await self._greet(address.greeting(client_name))
            if self._lost is not None:
                raise RedisUnavailable(str(self._lost), sent=False)
        except BaseException as error:
            self.abort(f"{address} does not accept us: {type(error).__name__}: {error}")
            raise
        self._on_lost = on_lost
        self._ready = True
        self.opened_at_s = self._loop.time()
        self._drop_abandoned()
        self._write()

    async def _dial(self, address: Address) -> None:
        if address.path:
            await self._loop.create_unix_connection(lambda: self, address.path)
        else:
            await self._loop.create_connection(lambda: self, address.host, address.port)

    async def _greet(self, commands: Iterable[tuple[Argument, ...]]) -> None:
        if self._transport is None:
            raise RedisUnavailable("the connection closed before the greeting", sent=False)
        replies: list[asyncio.Future[Reply]] = []
        for command in commands:
            future: asyncio.Future[Reply] = self._create_future()
            self._greeting.append(future)
            replies.append(future)
            self._transport.write(pack_command(command))  # type: ignore[arg-type]  # stub: 1-tuple
        results = await asyncio.gather(*replies, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _drop_abandoned(self) -> None:
        """Commands whose callers left before the socket was ready are not sent at all."""
        waiting = [not slot.done() for slot in self._slots]
        kept_counts = list(accumulate(waiting, initial=0))
        self._slots = deque(compress(self._slots, waiting))
        self._outgoing = list(compress(self._outgoing, waiting))
        self._patience.renumber(kept_counts)

    async def drain(self) -> None:
        """Return when no reply is owed any more, or the socket is gone."""
        if self._slots and self._lost is None:
            self._emptied = self._create_future()
            await self._emptied

    def abort(self, reason: str) -> None:
        """Cut the socket now. Callers get RedisUnavailable; harmless when already lost."""
        self._end(RedisUnavailable(reason))
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close the socket after the bytes already written."""
        self._on_lost = None
        self._end(RedisUnavailable("the Redis client is closed"))
        if self._transport is not None:
            self._transport.close()

    def _end(self, reason: RedisUnavailable) -> None:
        if self._lost is not None:
            return
        self._lost = reason
        was_ready, self._ready = self._ready, False
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        unsent_from = len(self._slots) - len(self._outgoing)
        for index, slot in enumerate(self._slots):
            if not slot.done():
                slot.set_exception(RedisUnavailable(str(reason), sent=index < unsent_from))
        for slot in self._greeting:
            if not slot.done():
                slot.set_exception(RedisUnavailable(str(reason), sent=False))
        self._slots.clear()
        self._greeting.clear()
        self._outgoing.clear()
        self._patience.forget()
        self._settle_drain()
        if was_ready and self._on_lost is not None:
            self._on_lost(self, reason)

    def _settle_drain(self) -> None:
        if self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    # --- writing ----------------------------------------------------------------------------

    def _flush(self) -> None:
        self._flush_due = False
        if self._lost is not None:
            return
        now_s, slots = self._loop.time(), self._slots
        if len(slots) == len(self._outgoing):
            self._patience.heard(now_s=now_s)  # nothing was owed
        self._patience.issued(len(slots), now_s=now_s)
        if self._sweep_timer is None:
            at_s = self._patience.next_at_s(now_s=now_s)
            self._sweep_timer = self._loop.call_at(at_s, self._read_first)
        # While replies are owed, the next commands gather and leave together when those have come (as
        # Nagle has it): Redis would run them no sooner, and half of the system calls are saved.
        owed = len(slots) > len(self._outgoing)
        if self._ready and (not owed or self._outgoing_bytes > _HELD_BYTES_MAX):
            self._write()

    def _write(self) -> None:
        outgoing = self._outgoing
        if outgoing and self._transport is not None:
            self._transport.write(outgoing[0] if len(outgoing) == 1 else b"".join(outgoing))
            outgoing.clear()
            self._outgoing_bytes = 0

    def pause_writing(self) -> None:
        """The transport holds more unsent bytes than `outgoing_bytes_max`: refuse until it is through."""
        self._congested = True

    def resume_writing(self) -> None:
        """The transport's backlog is gone."""
        self._congested = False

    # --- deadlines --------------------------------------------------------------------------

    def _read_first(self) -> None:
        """Judge a moment later: after a busy turn, timers are due before what has arrived is read."""
        self._sweep_timer = self._loop.call_later(_SWEEP_S_MIN, self._sweep)

    def _sweep(self) -> None:
        """Fail what is past its deadline; cut the socket when it has been silent too long."""
        self._sweep_timer = None
        now_s = self._loop.time()
        for slot in islice(self._slots, self._patience.take_due_count(now_s=now_s)):
            if slot not in self._own_deadline:
                _time_out(slot, self._limits.timeout_ms, sent=self._ready)
        if not self._slots:
            return
        silent_until_s = self._patience.silent_until_s
        if not self._ready:
            silent_until_s = now_s + self._timeout_s  # until then the connect timeout watches
        if silent_until_s <= now_s:
            self.abort(f"Redis owes replies and has been silent for {self._limits.silence_ms} ms")
            return
        next_s = min(self._patience.next_at_s(now_s=now_s), silent_until_s)
        self._sweep_timer = self._loop.call_at(next_s, self._read_first)

    # --- reading ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=self._limits.outgoing_bytes_max)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != getattr(socket, "AF_UNIX", None):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._lost is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came; hand each complete reply to the oldest slot."""
        slots = self._slots if self._ready else self._greeting
        self._patience.heard(now_s=self._loop.time())
        owed_count = len(slots)
        try:
            self._reader.feed(data)
            gets = self._reader.gets
            while (reply := gets()) is not _INCOMPLETE:
                slot = slots.popleft()
                if not slot.done():
                    if isinstance(reply, RedisError):
                        slot.set_exception(reply)
                    else:
                        slot.set_result(reply)
        except IndexError:
            self.abort("Redis sent a reply that nobody asked for")
            return
        except RedisProtocolError as error:
            self.abort(f"Redis sent what is not a reply: {error}")
            return
        if slots is self._slots:
            self._patience.answered(owed_count - len(slots))
            if len(slots) == len(self._outgoing):
                self._write()
            if not slots:
                self._settle_drain()

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the socket is gone."""
        self._transport = None
        self._end(RedisUnavailable(f"the connection to Redis broke: {error or 'closed by it'}"))


def _time_out(slot: "asyncio.Future[Reply]", timeout_ms: int, *, sent: bool = True) -> None:
    if not slot.done():
        slot.set_exception(RedisTimeout(f"no answer from Redis within {timeout_ms} ms", sent=sent))
