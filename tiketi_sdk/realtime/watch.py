"""Follows a room through connections, reconnections and polls, and says after each how things are."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Self

from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.contract import realtime as wire
from tiketi_sdk.contract.queue import Place
from tiketi_sdk.errors import (
    ApiError,
    NotInQueueError,
    RateLimitedError,
    ServiceUnavailableError,
    TokenExpiredError,
    TooEarlyError,
    TransportError,
    WaitTimeoutError,
)
from tiketi_sdk.realtime.socket import NewsSocket, read
from tiketi_sdk.resources.queue import AsyncQueue
from tiketi_sdk.retries import Outage

RECONNECT_S = 1.0
"""The ceiling of the first wait before connecting again; it doubles with each failure. Always jittered."""
RECONNECT_S_MAX = 30.0
POLL_ROOM_S = 2.0
"""Between two looks at a room in which one has no place, without sockets."""
_JITTER = 0.1
"""Each poll comes up to this share late."""
_EARLY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How things are now. Each says everything: missing one loses nothing."""

    kind: Literal["place", "line", "admitted", "gone"]
    """place: where you stand was told; line: the line moved; admitted: you are in, and the entry token is
    remembered; gone: your place is lost. The last two are the last."""
    event_id: int
    live: bool
    """By socket; False by polling."""
    place: Place | None = None
    """As last told; None for somebody who only watches. Its numbers are of that moment: see `position`."""
    line: wire.Line | None = None
    """As last told; None by polling a place."""
    position: int | None = None
    """1 is next in; None without a place in line."""
    eta_s: float | None = None


class AsyncWatch:
    """An asynchronous iterator over updates; close it, or use it in an `async with` block."""

    def __init__(
        self,
        caller: AsyncCaller,
        event_id: int,
        *,
        own: bool = True,
        live: bool = True,
        timeout_s: float | None = None,
    ) -> None:
        self._caller = caller
        self._near = caller.surroundings
        self._queue = AsyncQueue(caller)
        self._event_id = event_id
        self._own = own
        self._live = live
        self._timeout_s = timeout_s
        self._deadline_s: float | None = None
        self._place: Place | None = None
        self._number: int | None = None
        self._line: wire.Line | None = None
        self._spent: str | None = None
        self._outage = Outage()
        self._failures_count = 0
        """Connections in a row that told nothing."""
        self._updates = self._run()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        """The next update. Raises `ApiError`, `TransportError`, and `WaitTimeoutError` at the deadline."""
        if self._timeout_s is None:
            return await anext(self._updates)
        loop = asyncio.get_running_loop()
        if self._deadline_s is None:
            self._deadline_s = loop.time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._deadline_s):
                return await anext(self._updates)
        except TimeoutError:
            raise WaitTimeoutError(
                f"not admitted to event {self._event_id} within {self._timeout_s} s; "
                "the place in line is kept"
            ) from None

    async def aclose(self) -> None:
        """Stop watching; the place in line stays."""
        await self._updates.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- how --------------------------------------------------------------------------------

    async def _run(self) -> AsyncGenerator[Update, None]:
        if self._own:
            self._place = await self._queue.enter(self._event_id)
            if self._place.state == "admitted":
                yield self._update("admitted", live=False)
                return
        connect_at_s = self._near.monotonic_s()
        while True:
            if self._live and self._near.monotonic_s() >= connect_at_s:
                async with aclosing(self._live_news()) as updates:
                    async for update in updates:
                        yield update
                        if update.kind in {"admitted", "gone"}:
                            return
                ceiling_s = min(RECONNECT_S_MAX, RECONNECT_S * 2.0**self._failures_count)
                connect_at_s = self._near.monotonic_s() + ceiling_s * self._near.chance()
            if self._live and not self._failures_count:
                await self._near.sleep(max(0.0, connect_at_s - self._near.monotonic_s()))
                continue
            polled = await self._poll_patiently()
            if polled is None:
                continue
            yield polled
            if polled.kind == "admitted":
                return
            asked_s = self._place.next_poll_ms / 1000 if self._place is not None else POLL_ROOM_S
            await self._near.sleep(asked_s * (1 + _JITTER * self._near.chance()))

    async def _live_news(self) -> AsyncGenerator[Update, None]:
        """What one connection tells until it ends, however it ends."""
        try:
            async with aclosing(self._by_socket()) as updates:
                async for update in updates:
                    self._failures_count = 0
                    yield update
        except ImportError:
            self._live = False
        except NotInQueueError:
            yield await self._gone()
        except (TransportError, ServiceUnavailableError, RateLimitedError):
            self._failures_count += 1

    async def _poll_patiently(self) -> Update | None:
        """None, after a pause, where the platform did not answer somebody it has answered before."""
        try:
            update = await self._poll()
        except (ApiError, TransportError) as error:
            if self._place is None and self._line is None:
                raise
            near = self._near
            wait_s = self._outage.wait_s(error, now_s=near.monotonic_s(), chance=near.chance())
            if wait_s is None:
                raise
            await near.sleep(wait_s)
            return None
        self._outage.over()
        return update

    async def _poll(self) -> Update:
        if not self._own:
            room = await self._queue.stats(self._event_id)
            self._line = wire.Line(
                event_id=room.event_id,
                state=room.state,
                front=room.admitted_total + room.skipped_total,
                waiting_count=room.waiting_count,
                pace_per_s=room.admit_rate_per_s,
                admitted_total=room.admitted_total,
                inside_count=room.admitted_count,
                capacity=room.capacity,
                at_ms=int(self._near.now().timestamp() * 1000),
                ends_per_s=room.end_rate_per_s,
            )
            return self._update("line", live=False)
        while True:
            try:
                self._place = await self._queue.status(self._event_id)
            except TooEarlyError as early:
                await self._near.sleep(min(early.retry_after_s or _EARLY_S, _EARLY_S))
                continue
            self._number = self._line = None
            kind = "admitted" if self._place.state == "admitted" else "place"
            return self._update(kind, live=False)

    async def _by_socket(self) -> AsyncGenerator[Update, None]:
        """Until the connection ends. Raises `ConnectError` when there is none."""
        token = await self._caller.token(spent=self._spent)
        socket = NewsSocket(self._caller.config.url_of("queue"), token)
        try:
            joined = await socket.join(self._event_id, own=self._own)
            yield await self._joined(joined)
            async for event, body in socket.news():
                if event == wire.ENDED:
                    ended = isinstance(body, dict) and body.get("code") == "token_expired"
                    self._spent = token if ended else None
                update = await self._heard(event, body)
                if update is not None:
                    yield update
        except TokenExpiredError:
            self._spent = token
        finally:
            await socket.close()

    async def _joined(self, joined: wire.Joined) -> Update:
        self._place, self._number, self._line = joined.place, joined.number, joined.line
        if self._place is not None and self._place.state == "admitted":
            return await self._admitted(self._place)
        return self._update("place" if self._own else "line")

    async def _heard(self, event: str, body: object) -> Update | None:
        match event:
            case wire.LINE:
                self._line = read(wire.Line, body)
                return self._update("line")
            case wire.PLACE:
                return await self._joined(read(wire.Joined, body))
            case wire.ADMITTED:
                return await self._admitted(read(Place, body))
            case wire.GONE:
                return await self._gone()
        return None

    async def _gone(self) -> Update:
        self._place = self._number = None
        await self._caller.keeper.remember_entry(self._event_id, None)
        return self._update("gone")

    async def _admitted(self, place: Place) -> Update:
        self._place = place
        await self._caller.keeper.remember_entry(place.event_id, place.entry_token)
        return self._update("admitted")

    def _update(self, kind: Any, *, live: bool = True) -> Update:
        place, line, number = self._place, self._line, self._number
        position = eta_s = None
        if place is not None and place.state == "waiting":
            position, eta_s = place.position, place.eta_s
            if kind == "line" and line is not None and number is not None:
                position = min(line.position_of(number), position)
                eta_s = line.eta_s(position)
        return Update(
            kind=kind,
            event_id=self._event_id,
            live=live,
            place=place,
            line=line,
            position=position,
            eta_s=eta_s,
        )
