"""Engine.IO with one task and no queue per websocket: python-engineio's protocol, our own reading and writing.

The library spends three tasks, a queue and an encoding on each socket and each packet. Here a websocket
is written to directly, one wheel pings all of them, and a client's messages are handled in their order.
The polling transport and the upgrade from it stay the library's. Nothing here knows of namespaces.
"""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Any, Final

from aiohttp import WSMsgType, web
from engineio.async_server import AsyncServer
from engineio.async_socket import AsyncSocket
from engineio.packet import CLOSE, MESSAGE, NOOP, OPEN, Packet
from engineio.packet import PING as PING_TYPE
from engineio.packet import PONG as PONG_TYPE
from engineio.packet import UPGRADE as UPGRADE_TYPE

from tiketi_platform.adapters.socketio.frames import FAREWELL, PING, Frame, text_frame
from tiketi_platform.adapters.socketio.limits import Limits

_log = logging.getLogger(__name__)
_PONG: Final = "3"
_TICK_S: Final = 1.0


class Socket(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """One connection, by websocket or by polling."""

    server: "Engine"

    def __init__(self, server: "Engine", sid: str) -> None:
        super().__init__(server, sid)
        self.transport: asyncio.Transport | None = None
        """The websocket's, once there is one."""
        self.connected = self.upgraded = False
        self.closing = False
        self.closed = False
        self.accepted = False
        """It has joined a namespace."""
        self.awaiting_pong = False
        self.behind_since_s: float | None = None
        """Since when broadcasts skip it."""

    # --- writing ----------------------------------------------------------------------------

    async def send(self, pkt: Packet) -> None:
        """One packet of the library's."""
        if self.transport is not None:
            self.write(text_frame(pkt.encode()))
        else:
            self._keep(pkt)

    def tell(self, frame: Frame) -> None:
        """One event, which is never skipped; a socket that cannot take it is cut."""
        if self.transport is not None:
            self.write(frame.wire)
        else:
            self._keep(frame.packet)

    def offer(self, frame: Frame, *, now_s: float) -> None:
        """One broadcast, which a socket that is behind misses: the next one says more."""
        transport = self.transport
        if transport is None:
            if self.queue.qsize() < self.server.limits.polling_packets_max // 2:
                self._keep(frame.packet)
        elif transport.get_write_buffer_size() <= self.server.limits.buffer_bytes_max:
            transport.write(frame.wire)
            self.behind_since_s = None
        elif self.behind_since_s is None:
            self.behind_since_s = now_s
        elif now_s - self.behind_since_s > self.server.limits.behind_s_max:
            self._cut("it reads too slowly")

    def write(self, wire: bytes) -> None:
        """Bytes of whole websocket frames."""
        transport = self.transport
        if transport is None or self.closed or transport.is_closing():
            return
        transport.write(wire)
        if transport.get_write_buffer_size() > self.server.limits.unsent_bytes_max:
            self._cut("too much is unsent")

    def _keep(self, packet: Packet) -> None:
        if self.closed:
            return
        try:
            self.queue.put_nowait(packet)
        except asyncio.QueueFull:
            self._cut("it does not poll")

    def _cut(self, why: str) -> None:
        _log.info("socket cut", extra={"sid": self.sid, "reason": why})
        if self.transport is not None:
            self.transport.abort()  # the reader sees the end and closes
        else:
            self.server.close_soon(self)

    # --- reading ----------------------------------------------------------------------------

    async def receive(self, pkt: Packet) -> None:
        """One packet from the client; one that makes no sense ends the connection."""
        self.awaiting_pong = False
        if pkt.packet_type == MESSAGE and isinstance(pkt.data, str):
            try:
                await self.server.trigger("message", self.sid, pkt.data)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
                _log.info("bad message", extra={"sid": self.sid, "reason": repr(error)})
                await self.close()
        elif pkt.packet_type == UPGRADE_TYPE:
            await self.send(Packet(NOOP))
        elif pkt.packet_type != PONG_TYPE:
            await self.close()

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        if self.upgraded:
            raise OSError("the socket was upgraded before")
        request: web.Request = environ["aiohttp.request"]
        # A few kilobytes of headers that nobody reads again would live as long as the socket does.
        environ.clear()
        # Compression would cost every socket an encoding and a window of its own.
        websocket = web.WebSocketResponse(
            max_msg_size=self.server.limits.message_bytes_max, compress=False
        )
        await websocket.prepare(request)
        if self.connected and not await self._switched(websocket):
            return websocket
        self.connected = self.upgraded = True
        self.transport = request.transport
        self._flush()
        await self._read(websocket)
        return websocket

    async def _switched(self, websocket: web.WebSocketResponse) -> bool:
        """The upgrade from polling: probe, answer, and the client's word that it has switched."""
        self.upgrading = True
        try:
            async with asyncio.timeout(self.server.limits.connect_within_s):
                if (await websocket.receive()).data != "2probe":
                    return False
                await websocket.send_str("3probe")
                self._keep(Packet(NOOP))  # ends the poll under way
                return bool((await websocket.receive()).data == "5")
        except TimeoutError:
            return False
        finally:
            self.upgrading = False

    def _flush(self) -> None:
        while not self.queue.empty():
            packet = self.queue.get_nowait()
            if packet is not None and packet.packet_type != NOOP:
                self.write(text_frame(packet.encode()))

    async def _read(self, websocket: web.WebSocketResponse) -> None:
        reason = self.server.reason.TRANSPORT_CLOSE
        try:
            while not self.closed:
                message = await websocket.receive()
                if message.type is not WSMsgType.TEXT or not message.data:
                    break
                if message.data == _PONG:
                    self.awaiting_pong = False
                elif message.data == "1":
                    reason = self.server.reason.CLIENT_DISCONNECT
                    break
                else:
                    await self.receive(Packet(encoded_packet=message.data))
        except ValueError:
            pass  # no packet at all
        finally:
            await self.close(reason=reason)

    # --- life -------------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """The wheel pings."""

    async def check_ping_timeout(self) -> bool:
        """The wheel judges."""
        return not self.closed

    def ping(self) -> None:
        """Ask for a sign of life, or end a connection that gave none since the last time."""
        if self.awaiting_pong:
            self.server.close_soon(self, reason=self.server.reason.PING_TIMEOUT)
            return
        self.awaiting_pong = True
        if self.transport is not None:
            self.write(PING)
        else:
            self._keep(Packet(PING_TYPE))

    async def close(
        self,
        wait: bool = True,  # noqa: ARG002, FBT001, FBT002  # the library's signature
        abort: bool = False,  # noqa: ARG002, FBT001, FBT002
        reason: str | None = None,
    ) -> None:
        """End the connection; what was written before still arrives if the client reads it."""
        if self.closing:
            return
        self.closing = True
        try:
            await self.server.trigger(
                "disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT
            )
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        transport = self.transport
        if transport is not None:
            self.write(FAREWELL)
            self.closed = True
            transport.close()
            linger_s = self.server.limits.close_linger_s
            asyncio.get_running_loop().call_later(linger_s, transport.abort)
        else:
            self._keep(Packet(CLOSE))
            self.closed = True
            with contextlib.suppress(asyncio.QueueFull):
                self.queue.put_nowait(None)
        self.server.forget(self)


class Engine(AsyncServer):  # type: ignore[misc]  # the library has no types
    """All connections of one process."""

    def __init__(self, *, limits: Limits, **options: Any) -> None:
        self.limits = limits
        super().__init__(
            async_mode="aiohttp",
            ping_interval=limits.ping_every_s,
            ping_timeout=limits.pong_within_s,
            max_http_buffer_size=limits.message_bytes_max,
            monitor_clients=False,
            http_compression=False,
            **options,
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

    def create_queue(self, *_args: object, **_kwargs: object) -> "asyncio.Queue[Packet | None]":
        """What waits for a polling client; bounded, unlike the library's."""
        return asyncio.Queue(self.limits.polling_packets_max)

    def close_soon(self, socket: Socket, *, reason: str | None = None) -> None:
        """Close from where nothing can be awaited."""
        task = asyncio.get_running_loop().create_task(socket.close(reason=reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def forget(self, socket: Socket) -> None:
        """A connection is over."""
        self.sockets.pop(socket.sid, None)
        for spoke in self._wheel:
            spoke.discard(socket)

    async def trigger(self, event: str, *args: object) -> None:
        """Tell the layer above; never in a task of its own, so that order is kept (legacy flaw F17)."""
        await self.handlers[event](*args)

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> object:
        sid = self.generate_id()
        socket = self.sockets[sid] = Socket(self, sid)
        await socket.send(
            Packet(
                OPEN,
                {
                    "sid": sid,
                    "upgrades": self._upgrades(sid, transport),
                    "pingTimeout": self.limits.pong_within_s * 1000,
                    "pingInterval": self.limits.ping_every_s * 1000,
                    "maxPayload": self.limits.message_bytes_max,
                },
            )
        )
        await self.trigger("connect", sid, environ)
        self._wheel[self._turn - 1].add(socket)
        deadline_s = asyncio.get_running_loop().time() + self.limits.connect_within_s
        self._newcomers.append((deadline_s, socket))
        if transport == "websocket":
            try:
                return await socket.handle_get_request(environ)
            finally:
                await socket.close()
        socket.connected = True
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
