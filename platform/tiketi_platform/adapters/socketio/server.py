"""One Socket.IO namespace on a service's own port: who may connect, what they ask, whom to tell what.

Speaks version 5 of the Socket.IO protocol, JSON only: binary attachments and other namespaces are refused. The
service behind `Endpoint` decides; nothing here knows an event by name. The library's own layer does the
same with a manager of rooms and several passes over each packet, at three times the cost.
"""

import asyncio
import re
from collections.abc import Collection, Iterable
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from tiketi_platform.adapters.socketio.engine import Engine
from tiketi_platform.adapters.socketio.frames import Frame
from tiketi_platform.adapters.socketio.limits import Limits
from tiketi_platform.adapters.socketio.socket import Socket

RETRY_AFTER_S: Final = 2
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = "01234"
_PACKET: Final = re.compile(r"([0-4])(?:(/[^,?]*)(?:\?[^,]*)?(?:,|$))?([0-9]{1,9})?(.*)", re.DOTALL)


class Peer:
    """One client in the namespace."""

    __slots__ = ("_namespace", "socket", "state")

    def __init__(self, socket: Socket, namespace: str) -> None:
        self.socket = socket
        """The connection below; for this package only."""
        self._namespace = namespace
        self.state: Any = None
        """Whatever the endpoint wants to remember of it."""

    @property
    def open(self) -> bool:
        """Whether anything can still be sent."""
        return not self.socket.closing

    def tell(self, frame: Frame) -> None:
        """Send an event, whatever waits before it."""
        self.socket.tell(frame)

    async def end(self, last: Frame | None = None) -> None:
        """Say `last` and that there is no sense in coming back by itself, and close."""
        if last is not None:
            self.socket.tell(last)
        self.socket.say(f"{DISCONNECT}{self._namespace},")
        await self.socket.close()


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
        """Somebody asks; the answer, what orjson can write, is the acknowledgement."""
        ...

    def disconnected(self, peer: Peer) -> None:
        """Somebody is gone. Not called for a refused connection."""
        ...


class SocketServer:
    """The namespace, ready to be attached to an application."""

    def __init__(self, namespace: str, endpoint: Endpoint, *, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._namespace = namespace
        self._endpoint = endpoint
        self._engine = Engine(self, self.limits)
        self._peers: dict[str, Peer] = {}

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
        query = request.query
        if "sid" not in query:
            if self._engine.full:
                return web.json_response(
                    {"code": "unavailable", "detail": "as many connections as there may be"},
                    status=503,
                    headers={"Retry-After": str(RETRY_AFTER_S)},
                )
            if query.get("transport") == "websocket" and query.get("EIO") == "4":
                return await self._engine.serve_websocket(request)
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
        chunk_count = self.limits.broadcast_chunk_count
        now_s = asyncio.get_running_loop().time()
        everybody = tuple(peers)
        for start in range(0, len(everybody), chunk_count):
            _offer(everybody[start : start + chunk_count], frame, now_s)
            await asyncio.sleep(0)

    # --- what the engine calls --------------------------------------------------------------

    async def message(self, socket: Socket, text: str) -> None:
        """One packet of a client. Raises ValueError for one that makes no sense."""
        match = _PACKET.fullmatch(text)
        if match is None:
            raise ValueError("no packet of version 5 without attachments")
        kind, namespace, number, payload = match.groups()
        if (namespace or "/") != self._namespace:
            if kind != CONNECT:
                raise ValueError("a namespace that was not joined")
            socket.say(
                f"{CONNECT_ERROR}{namespace or ''}{',' if namespace else ''}"
                '{"message":"Invalid namespace"}'
            )
        elif kind == CONNECT:
            await self._connect(socket, orjson.loads(payload) if payload else None)
        elif kind == EVENT:
            await self._event(socket, number, orjson.loads(payload))
        elif kind == DISCONNECT:
            await socket.close()
        elif kind == CONNECT_ERROR:
            raise ValueError("only servers refuse")

    def closed(self, socket: Socket) -> None:
        """A connection is over."""
        peer = self._peers.pop(socket.sid, None)
        if peer is not None:
            self._endpoint.disconnected(peer)

    async def _connect(self, socket: Socket, handshake: object) -> None:
        if socket.accepted:
            raise ValueError("a second handshake")
        await self._engine.turnstile.turn()
        peer = Peer(socket, self._namespace)
        try:
            await self._endpoint.connected(peer, handshake)
        except Refused as refused:
            why = orjson.dumps({"message": str(refused), "data": refused.data}).decode()
            socket.say(f"{CONNECT_ERROR}{self._namespace},{why}")
            return
        if socket.closing:  # it left while we looked at its token
            self._endpoint.disconnected(peer)
            return
        socket.accepted = True
        self._peers[socket.sid] = peer
        socket.say(f'{CONNECT}{self._namespace},{{"sid":"{socket.sid}"}}')

    async def _event(self, socket: Socket, number: str | None, arguments: object) -> None:
        if not isinstance(arguments, list) or not arguments or not isinstance(arguments[0], str):
            raise ValueError("an event is a list that begins with its name")
        peer = self._peers.get(socket.sid)
        if peer is None:
            raise ValueError("not connected to the namespace")
        await self._engine.turnstile.turn()
        body = arguments[1] if len(arguments) > 1 else None
        answer = await self._endpoint.received(peer, arguments[0], body)
        if number is not None:
            socket.say(f"{ACK}{self._namespace},{number}[{orjson.dumps(answer).decode()}]")


def _offer(peers: Iterable[Peer], frame: Frame, now_s: float) -> None:
    wire = frame.wire
    for peer in peers:
        socket = peer.socket
        transport = socket.transport
        if (
            transport is None
            or socket.behind_since_s is not None
            or transport.get_write_buffer_size()
            or transport.is_closing()
        ):
            socket.offer(frame, now_s=now_s)
        else:
            # Nearly everybody: nothing is left to judge, and calls would cost as much as half the write.
            transport.write(wire)
