"""A watch for scripts without an event loop, over what their client was lent; knows nothing of sockets itself."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Self

from tiketi_sdk._sync.caller import Caller
from tiketi_sdk._sync.transport import HttpxTransport, Transport
from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.realtime.watch import AsyncWatch, Update
from tiketi_sdk.session import AsyncSurroundings
from tiketi_sdk.transport import AsyncHttpxTransport, AsyncTransport


class Watch:
    """`AsyncWatch` for scripts without an event loop: an iterator that runs one of its own between two updates."""

    def __init__(
        self,
        caller: Caller,
        event_id: int,
        *,
        own: bool = True,
        live: bool = True,
        timeout_s: float | None = None,
    ) -> None:
        # A runner, because Ctrl-C in the middle of a wait must leave a loop that can still close.
        self._runner = asyncio.Runner()
        self._closed = False
        self._asked: Coroutine[Any, Any, Update] | None = None
        """What the runner was given last."""
        self._transport = _transport_of(caller)
        self._watch = AsyncWatch(
            AsyncCaller(
                caller.config,
                self._transport,
                caller.store,
                surroundings=_surroundings_of(caller),
            ),
            event_id,
            own=own,
            live=live,
            timeout_s=timeout_s,
        )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Update:
        """The next update; raises as `AsyncWatch` does."""
        self._asked = self._watch.__anext__()
        try:
            return self._runner.run(self._asked)
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Stop watching; the place in line stays."""
        if self._closed:
            return
        self._closed = True
        with self._runner:
            self._runner.run(self._end())

    async def _end(self) -> None:
        # Ctrl-C between two of the runner's own steps leaves what was asked for unbegun, or begun and unheeded.
        left = [task for task in asyncio.all_tasks() if task.get_coro() is self._asked]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._asked is not None:
            self._asked.close()
        await self._watch.aclose()
        await self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Threaded:
    """A transport that blocks, lent to the client: each request in a thread. Closing leaves it open."""

    def __init__(self, lent: Transport) -> None:
        self._lent = lent

    async def send(
        self, base_url: str, request: PreparedRequest, *, timeout_s: float | None = None
    ) -> Answer:
        return await asyncio.to_thread(self._lent.send, base_url, request, timeout_s=timeout_s)

    async def close(self) -> None:
        return


def _transport_of(caller: Caller) -> AsyncTransport:
    """The client's own, unless it is the usual one, of which there is a kind for event loops."""
    if isinstance(caller.transport, HttpxTransport):
        return AsyncHttpxTransport(caller.config)
    return _Threaded(caller.transport)


def _surroundings_of(caller: Caller) -> AsyncSurroundings:
    near = caller.surroundings
    usual = AsyncSurroundings()

    async def sleep(seconds: float) -> None:
        near.sleep(seconds)
        await asyncio.sleep(0)

    return AsyncSurroundings(
        sleep=usual.sleep if near.sleep is time.sleep else sleep,
        chance=near.chance,
        now=near.now,
        monotonic_s=near.monotonic_s,
    )
