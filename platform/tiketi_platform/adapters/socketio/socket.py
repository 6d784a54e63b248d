"""One Engine.IO connection: written to directly by websocket, through a bounded queue by polling.

The library spends three tasks, a queue and an encoding on each socket and each packet. Here a websocket costs
the task that reads it, and a client's messages are handled in their order (legacy flaw F17).
"""

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiohttp import WSMsgType, web
from engineio.async_socket import AsyncSocket
from engineio.packet import CLOSE, MESSAGE, NOOP, Packet
from engineio.packet import PING as PING_TYPE
from engineio.packet import PONG as PONG_TYPE
from engineio.packet import UPGRADE as UPGRADE_TYPE

from tiketi_platform.adapters.socketio.frames import FAREWELL, PING, Frame, text_frame

if TYPE_CHECKING:
    from tiketi_platform.adapters.socketio.engine import Engine

_log = logging.getLogger(__name__)
_PONG: Final = "3"
_MESSAGE: Final = "4"


class Layer(Protocol):
    """What is above: Socket.IO."""

    async def message(self, socket: "Socket", text: str) -> None:
        """A message. Raises ValueError for one that makes no sense."""
        ...

    def closed(self, socket: "Socket") -> None:
        """The connection is over."""
        ...


class _GreetingWebSocket(web.WebSocketResponse):
    """Its headers wait for the first bytes and leave with them: a write less for each of a crowd."""

    _send_headers_immediately = False


class Socket(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """One connection, by websocket or by polling."""

    server: "Engine"

    # Not the library's own: a websocket needs no queue, which is a kilobyte.
    def __init__(self, server: "Engine", sid: str, *, polls: bool) -> None:
        self.server = server
        self.sid = sid
        self.queue: asyncio.Queue[Packet | None] | None = None
        if polls:
            self.queue = asyncio.Queue(server.limits.polling_packets_max)
        self.peer: object | None = None
        """Whatever the layer above knows it by."""
        self.transport: asyncio.Transport | None = None
        """The websocket's, once there is one."""
        self.connected = self.upgraded = self.upgrading = False
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
            if (
                self.queue is not None
                and self.queue.qsize() < self.server.limits.polling_packets_max // 2
            ):
                self._keep(frame.packet)
        elif transport.is_closing():
            return  # its reader has not seen the end yet
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

    def say(self, text: str) -> None:
        """One message."""
        if self.transport is not None:
            self.write(text_frame(f"4{text}"))
        else:
            self._keep(Packet(MESSAGE, text))

    def _keep(self, packet: Packet) -> None:
        if self.closed or self.queue is None:
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
        """One packet from a polling client; one that makes no sense ends the connection."""
        self.awaiting_pong = False
        if pkt.packet_type == MESSAGE and isinstance(pkt.data, str):
            await self._receive(pkt.data)
        elif pkt.packet_type == UPGRADE_TYPE:
            await self.send(Packet(NOOP))
        elif pkt.packet_type != PONG_TYPE:
            await self.close()

    async def _receive(self, text: str) -> None:
        try:
            await self.server.layer.message(self, text)
        except ValueError as error:
            _log.info("bad message", extra={"sid": self.sid, "reason": repr(error)})
            await self.close()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """A connection that is a websocket from the beginning, until it ends."""
        websocket = self._websocket(_GreetingWebSocket)
        await websocket.prepare(request)
        self.connected = self.upgraded = True
        self.transport = request.transport
        await request.writer.write(text_frame("0" + self.server.greeting(self.sid, upgrades=False)))
        await self._read(websocket)
        return websocket

    def _websocket(
        self, kind: type[web.WebSocketResponse] = web.WebSocketResponse
    ) -> web.WebSocketResponse:
        # Compression would cost every socket an encoding and a window of its own.
        return kind(max_msg_size=self.server.limits.message_bytes_max, compress=False)

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        if self.upgraded or self.upgrading:
            raise web.HTTPBadRequest(text="upgraded before")
        request: web.Request = environ["aiohttp.request"]
        # A few kilobytes of headers that nobody reads again would live as long as the socket does.
        environ.clear()
        websocket = self._websocket()
        await websocket.prepare(request)
        if not await self._switched(websocket):
            return websocket
        self.upgraded = True
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
        queue, self.queue = self.queue, None
        while queue is not None and not queue.empty():
            packet = queue.get_nowait()
            if packet is not None and packet.packet_type != NOOP:
                self.write(text_frame(packet.encode()))

    async def _read(self, websocket: web.WebSocketResponse) -> None:
        try:
            while not self.closed:
                message = await websocket.receive()
                text = message.data
                if message.type is not WSMsgType.TEXT or not text:
                    break
                self.awaiting_pong = False
                if text[0] == _MESSAGE:
                    await self._receive(text[1:])
                elif text != _PONG:
                    break  # a farewell, or nothing that a client says
        finally:
            await self.close()

    # --- life -------------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """The wheel pings."""

    async def check_ping_timeout(self) -> bool:
        """The wheel judges."""
        return not self.closed

    def ping(self) -> None:
        """Ask for a sign of life, or end a connection that gave none since the last time."""
        if self.awaiting_pong:
            self.server.close_soon(self)
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
        reason: str | None = None,  # noqa: ARG002
    ) -> None:
        """End the connection; what was written before still arrives if the client reads it."""
        if self.closing:
            return
        self.closing = True
        self.server.layer.closed(self)
        transport = self.transport
        if transport is not None:
            self.write(FAREWELL)
            self.closed = True
            transport.close()
            linger_s = self.server.limits.close_linger_s
            asyncio.get_running_loop().call_later(linger_s, transport.abort)
        elif self.queue is not None:
            self._keep(Packet(CLOSE))
            self.closed = True
            with contextlib.suppress(asyncio.QueueFull):
                self.queue.put_nowait(None)
        self.closed = True
        self.server.forget(self)
