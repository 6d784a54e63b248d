"""A connection to Redis that many share, for short commands; it refuses subscriptions and blocking pops.

What callers may rely on:

* Commands of one loop tick go out in one write, in the order of the calls, and run in that order.
* When the connection breaks, commands in flight fail with RedisUnavailable: they may have run (`sent`).
  They are never repeated here. The first attempt to connect again starts at once, and commands issued
  meanwhile wait for it within their deadline; if it fails, commands fail at once (`sent` is False)
  until a later attempt, with jittered exponential backoff, succeeds.
* A caller that is cancelled or out of time loses its reply only; the replies of others stay right.
* A deadline runs out when nothing is heard. In a line that moves, a command waits up to `silence_ms`.
* Commands that change the whole connection (MULTI, SUBSCRIBE, SELECT…) are refused with ValueError:
  use Lua for atomicity, `RoomNews` for pub/sub. A blocking XREADGROUP needs a client of its own.
* Redis Cluster is out: MOVED and ASK raise RedisMoved.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Final, Self

from tiketi_platform.adapters.redis.address import Address, parse_address
from tiketi_platform.adapters.redis.connection import Connection, Limits
from tiketi_platform.adapters.redis.errors import RedisError, RedisUnavailable
from tiketi_platform.adapters.redis.replies import Argument, Reply

_log = logging.getLogger(__name__)

timeout_ms_default: Final = 1_000
connect_timeout_ms_default: Final = 1_000
in_flight_max_default: Final = 16_384
outgoing_bytes_max_default: Final = 8 * 1024 * 1024
backoff_ms_min_default: Final = 20
backoff_ms_max_default: Final = 2_000
_STEADY_S: Final = 0.5
"""A connection that lived shorter counts as one more failed attempt: no tight loop of greetings."""

_WHOLE_CONNECTION: Final = (
    # These wait, and everybody behind them.
    "BLMOVE",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "WAIT",
    "WAITAOF",
    # These change what later commands of all callers mean.
    "AUTH",
    "DISCARD",
    "EXEC",
    "HELLO",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PSYNC",
    "QUIT",
    "RESET",
    "SELECT",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SYNC",
    "UNWATCH",
    "WATCH",
)
_REFUSED: Final = frozenset(
    word
    for name in _WHOLE_CONNECTION
    for word in (name, name.lower(), name.encode(), name.lower().encode())
)


class RedisClient:
    """One multiplexed connection that heals itself. Bound to the loop it was connected in."""

    def __init__(
        self,
        address: Address,
        limits: Limits,
        *,
        client_name: str = "tiketi",
        backoff_ms_min: int = backoff_ms_min_default,
        backoff_ms_max: int = backoff_ms_max_default,
    ) -> None:
        self.address = address
        self._limits = limits
        self._client_name = client_name
        self._backoff_ms_min = backoff_ms_min
        self._backoff_ms_max = backoff_ms_max
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._failures_count = 0
        self._reason = "not connected yet"
        self._closed = False
        self.reconnects_count = 0
        """How often a lost connection was replaced."""

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        timeout_ms: int = timeout_ms_default,
        silence_ms: int | None = None,
        connect_timeout_ms: int = connect_timeout_ms_default,
        in_flight_max: int = in_flight_max_default,
        outgoing_bytes_max: int = outgoing_bytes_max_default,
        backoff_ms_min: int = backoff_ms_min_default,
        backoff_ms_max: int = backoff_ms_max_default,
        client_name: str = "tiketi",
    ) -> Self:
        """Connect once and greet (AUTH, SELECT, CLIENT SETNAME, PING).

        `silence_ms` (default 3 × `timeout_ms`): replies owed and nothing heard for so long cuts the socket.
        Raises ValueError for a URL that is none, RedisReplyError when the server refuses the greeting
        and RedisUnavailable when it cannot be reached within `connect_timeout_ms`.
        """
        limits = Limits(
            timeout_ms=timeout_ms,
            silence_ms=3 * timeout_ms if silence_ms is None else silence_ms,
            connect_timeout_ms=connect_timeout_ms,
            in_flight_max=in_flight_max,
            outgoing_bytes_max=outgoing_bytes_max,
        )
        client = cls(
            parse_address(url),
            limits,
            client_name=client_name,
            backoff_ms_min=backoff_ms_min,
            backoff_ms_max=backoff_ms_max,
        )
        connection = Connection(client._loop, limits)
        try:
            await client._open(connection)
        except (OSError, TimeoutError) as error:
            detail = str(error) or "no answer"
            raise RedisUnavailable(f"{client.address}: {detail}", sent=False) from error
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- commands ---------------------------------------------------------------------------

    def execute(self, *args: Argument, timeout_ms: int | None = None) -> "asyncio.Future[Reply]":
        """Send one command; await the future for its reply.

        `timeout_ms` replaces the client's deadline for this call (at most the client's silence).
        The future raises RedisUnavailable, RedisTimeout, RedisOverloaded or RedisReplyError.
        The command is queued by the call itself, not by awaiting. Raises TypeError for an argument
        that is not text, bytes or a number.
        """
        if args[0] in _REFUSED:
            raise ValueError(f"{args[0]!r} would change or block the connection that all share")
        connection = self._connection
        if connection is None:
            return self._refuse()
        future = connection.send(args)
        if timeout_ms is not None:
            connection.expire_at(future, timeout_ms=timeout_ms)
        return future

    async def pipeline(self, commands: Sequence[tuple[Argument, ...]]) -> list[Reply]:
        """Send commands in one write and return their replies in order; not a transaction.

        Raises the first error after all replies are in.
        """
        futures = [self.execute(*command) for command in commands]
        results = await asyncio.gather(*futures, return_exceptions=True)
        replies: list[Reply] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            replies.append(result)
        return replies

    def _refuse(self) -> "asyncio.Future[Reply]":
        future: asyncio.Future[Reply] = self._loop.create_future()
        future.set_exception(RedisUnavailable(f"{self.address}: {self._reason}", sent=False))
        return future

    # --- state ------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """A greeted socket stands; for readiness."""
        return self._connection is not None and self._connection.ready

    @property
    def in_flight_count(self) -> int:
        """Commands whose replies are owed, callers gone included; for metrics."""
        return 0 if self._connection is None else self._connection.in_flight_count

    async def close(self) -> None:
        """Let replies in flight arrive (at most `timeout_ms`), then close. Later commands fail."""
        self._closed = True
        self._reason = "the client is closed"
        connection, self._connection = self._connection, None
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
        if connection is None:
            return
        try:
            async with asyncio.timeout(self._limits.timeout_ms / 1000):
                await connection.drain()
        except TimeoutError:
            _log.warning(
                "closing the Redis connection with %d replies owed", connection.in_flight_count
            )
        connection.close()

    # --- healing ----------------------------------------------------------------------------

    async def _open(self, connection: Connection) -> None:
        await connection.open(self.address, self._client_name, on_lost=self._replace)
        self._connection = connection

    def _replace(self, lost: Connection, reason: RedisUnavailable) -> None:
        """The connection is gone: try again at once, unless it had only just been made."""
        if self._closed:
            return
        _log.warning("%s: %s", self.address, reason)
        self._reason = str(reason)
        candidate: Connection | None = None
        if self._loop.time() - lost.opened_at_s >= _STEADY_S:
            self._failures_count = 0
            candidate = Connection(self._loop, self._limits)
        else:
            self._failures_count += 1
        self._connection = candidate
        self._reopening = self._loop.create_task(self._reopen(candidate))

    async def _reopen(self, candidate: Connection | None) -> None:
        while True:
            if candidate is None:
                await asyncio.sleep(self._backoff_s())
                candidate = Connection(self._loop, self._limits)
            try:
                await self._open(candidate)
            except (OSError, TimeoutError, RedisError) as error:
                self._reason = f"{type(error).__name__}: {error}"
                self._failures_count += 1
                self._connection = candidate = None
                continue
            self.reconnects_count += 1
            _log.info("%s: connected again", self.address)
            return

    def _backoff_s(self) -> float:
        """Between half and all of a step that doubles with each failure up to `backoff_ms_max`."""
        step_ms = self._backoff_ms_min << min(self._failures_count, 16)
        return random.uniform(0.5, 1.0) * min(step_ms, self._backoff_ms_max) / 1000  # noqa: S311
