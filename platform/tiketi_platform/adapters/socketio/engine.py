"""All Engine.IO connections of a process: one wheel pings them, a turnstile takes their bursts apart.

The polling transport and the upgrade from it are python-engineio's; websockets from the beginning are served
without it. Nothing here knows of namespaces.
"""

import asyncio
from collections import deque
from typing import Any, Final

from aiohttp import web
from engineio.async_server import AsyncServer
from engineio.packet import OPEN, Packet

from tiketi_platform.adapters.socketio.limits import Limits
from tiketi_platform.adapters.socketio.socket import Layer, Socket
from tiketi_platform.adapters.socketio.turnstile import Turnstile

_TICK_S: Final = 1.0


class Engine(AsyncServer):  # type: ignore[misc]  # the library has no types
    """All connections of one process."""

    def __init__(self, layer: Layer, limits: Limits) -> None:
        self.layer = layer
        self.limits = limits
        self.turnstile = Turnstile(limits.turns_count)
        super().__init__(
            async_mode="aiohttp",
            ping_interval=limits.ping_every_s,
            ping_timeout=limits.pong_within_s,
            max_http_buffer_size=limits.message_bytes_max,
            monitor_clients=False,
            http_compression=False,
            cors_allowed_origins="*",
        )
        self._wheel: list[set[Socket]] = [set() for _ in range(limits.ping_every_s)]
        self._newcomers: deque[tuple[float, Socket]] = deque()
        self._turn = 0
        self._turning: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        """As many connections as there may be."""
        return len(self.sockets) >= self.limits.connections_max

    def start(self) -> None:
        """Begin to ping."""
        self._turning = asyncio.get_running_loop().create_task(self._turn_wheel())

    async def stop(self) -> None:
        """Close every connection; clients may go to another replica at once."""
        if self._turning is not None:
            self._turning.cancel()
        await asyncio.gather(*(socket.close() for socket in tuple(self.sockets.values())))
        await asyncio.gather(*self._closing, return_exceptions=True)

    def close_soon(self, socket: Socket) -> None:
        """Close from where nothing can be awaited."""
        task = asyncio.get_running_loop().create_task(socket.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def forget(self, socket: Socket) -> None:
        """A connection is over."""
        self.sockets.pop(socket.sid, None)
        for spoke in self._wheel:
            spoke.discard(socket)

    async def serve_websocket(self, request: web.Request) -> web.StreamResponse:
        """A new client that begins with a websocket."""
        await self.turnstile.turn()
        socket = self._opened(polls=False)
        try:
            return await socket.serve(request)
        except ConnectionError:
            return web.Response(status=400)  # it left in the middle of the handshake
        finally:
            await socket.close()

    def greeting(self, sid: str, *, upgrades: bool) -> str:
        """What a client is told first."""
        limits = self.limits
        upgrade = '"websocket"' if upgrades else ""
        return (
            f'{{"sid":"{sid}","upgrades":[{upgrade}],"pingTimeout":{limits.pong_within_s * 1000},'
            f'"pingInterval":{limits.ping_every_s * 1000},"maxPayload":{limits.message_bytes_max}}}'
        )

    def _opened(self, *, polls: bool) -> Socket:
        sid: str = self.generate_id()
        socket = self.sockets[sid] = Socket(self, sid, polls=polls)
        self._wheel[self._turn - 1].add(socket)
        deadline_s = asyncio.get_running_loop().time() + self.limits.connect_within_s
        self._newcomers.append((deadline_s, socket))
        return socket

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> object:
        del environ
        assert transport == "polling", "websockets are served on their own"
        socket = self._opened(polls=True)
        socket.connected = True
        await socket.send(Packet(OPEN, self.greeting(socket.sid, upgrades=True)))
        return self._ok(await socket.poll(), jsonp_index=jsonp_index)

    async def _turn_wheel(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK_S)
            spoke = self._wheel[self._turn]
            self._turn = (self._turn + 1) % len(self._wheel)
            for number, socket in enumerate(tuple(spoke), start=1):
                socket.ping()
                if number % self.limits.broadcast_chunk_count == 0:
                    await asyncio.sleep(0)
            while self._newcomers and self._newcomers[0][0] <= loop.time():
                _, socket = self._newcomers.popleft()
                if not socket.accepted and not socket.closed:
                    self.close_soon(socket)
