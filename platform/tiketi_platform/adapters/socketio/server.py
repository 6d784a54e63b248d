"""One Socket.IO namespace on a service's own port: who may connect, what they ask, whom to tell what.

The library parses and acknowledges; the service behind `Endpoint` decides. Nothing here knows an event by name.
"""

import asyncio
import logging
from collections.abc import Collection
from typing import Any, Final, Protocol

import socketio
from aiohttp import web

from tiketi_platform.adapters.socketio.engine import Engine, Socket
from tiketi_platform.adapters.socketio.frames import Frame, text_frame
from tiketi_platform.adapters.socketio.limits import Limits

_log = logging.getLogger(__name__)
RETRY_AFTER_S: Final = 2


class Peer:
    """One client in the namespace."""

    __slots__ = ("_namespace", "_socket", "state")

    def __init__(self, socket: Socket, namespace: str) -> None:
        self._socket = socket
        self._namespace = namespace
        self.state: Any = None
        """Whatever the endpoint wants to remember of it."""

    @property
    def open(self) -> bool:
        """Whether anything can still be sent."""
        return not self._socket.closing

    def tell(self, frame: Frame) -> None:
        """Send an event, whatever waits before it."""
        self._socket.tell(frame)

    def offer(self, frame: Frame, *, now_s: float) -> None:
        """Send a broadcast, unless this client reads too slowly."""
        self._socket.offer(frame, now_s=now_s)

    async def end(self, last: Frame | None = None) -> None:
        """Say `last` and that there is no sense in coming back by itself, and close."""
        if last is not None:
            self._socket.tell(last)
        if self._socket.transport is not None:
            self._socket.write(text_frame(f"41{self._namespace},"))
        await self._socket.close()


class Refused(Exception):  # noqa: N818  # it is an answer, not a mistake
    """A connection that may not be; `data` is what the client reads beside the message."""

    def __init__(self, message: str, data: dict[str, object]) -> None:
        super().__init__(message)
        self.data = data


class Endpoint(Protocol):
    """The service's side of a namespace."""

    async def connected(self, peer: Peer, handshake: object) -> None:
        """Somebody wants in. Raises Refused."""
        ...

    async def received(self, peer: Peer, event: str, body: object) -> object:
        """Somebody asks; the answer, plain JSON values, is the acknowledgement."""
        ...

    def disconnected(self, peer: Peer) -> None:
        """Somebody is gone. Not called for a refused connection."""
        ...


class _Library(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        del environ  # it would be kept as long as the connection
        await super()._handle_eio_connect(eio_sid, {})


class SocketServer:
    """The namespace, ready to be attached to an application."""

    def __init__(self, namespace: str, endpoint: Endpoint, *, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._namespace = namespace
        self._endpoint = endpoint
        self._library = _Library(async_handlers=False, limits=self.limits, cors_allowed_origins="*")
        self._engine: Engine = self._library.eio
        self._peers: dict[str, Peer] = {}
        for event, handler in (
            ("connect", self._connect),
            ("disconnect", self._disconnect),
            ("*", self._event),
        ):
            self._library.on(event, handler, namespace=namespace)

    @property
    def connections_count(self) -> int:
        """Connections, those that have not joined the namespace yet included."""
        return len(self._engine.sockets)

    @property
    def peers(self) -> Collection[Peer]:
        """Everybody in the namespace."""
        return self._peers.values()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The handler of every request below the socket path."""
        if "sid" not in request.query and self._engine.full:
            return web.json_response(
                {"code": "unavailable", "detail": "as many connections as there may be"},
                status=503,
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        response: web.StreamResponse = await self._engine.handle_request(request)
        return response

    def start(self) -> None:
        """Begin to look after connections."""
        self._engine.start()

    async def stop(self) -> None:
        """Close all of them."""
        await self._engine.stop()

    async def broadcast(self, peers: Collection[Peer], frame: Frame) -> None:
        """Offer a frame to many; requests have their turn in between."""
        loop = asyncio.get_running_loop()
        chunk_count = self.limits.broadcast_chunk_count
        now_s = loop.time()
        for number, peer in enumerate(tuple(peers), start=1):
            peer.offer(frame, now_s=now_s)
            if number % chunk_count == 0:
                await asyncio.sleep(0)

    # --- what the library calls -------------------------------------------------------------

    async def _connect(self, sid: str, _environ: object, handshake: object = None) -> None:
        socket = self._engine.sockets[self._library.manager.eio_sid_from_sid(sid, self._namespace)]
        peer = Peer(socket, self._namespace)
        try:
            await self._endpoint.connected(peer, handshake)
        except Refused as refused:
            raise socketio.exceptions.ConnectionRefusedError(str(refused), refused.data) from None
        if not peer.open:  # it left while we looked at its token
            self._endpoint.disconnected(peer)
            raise socketio.exceptions.ConnectionRefusedError("gone")
        socket.accepted = True
        self._peers[sid] = peer

    def _disconnect(self, sid: str, _reason: str) -> None:
        peer = self._peers.pop(sid, None)
        if peer is not None:
            self._endpoint.disconnected(peer)

    async def _event(self, event: str, sid: str, *bodies: object) -> object:
        peer = self._peers.get(sid)
        if peer is None:
            return None
        return await self._endpoint.received(peer, event, bodies[0] if bodies else None)
