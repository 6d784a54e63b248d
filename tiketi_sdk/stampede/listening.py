"""Waits for one visitor's admission by Socket.IO, over a blocking websocket that gevent makes cooperative.

Speaks as much of the protocol as that takes; imported in load processes only. It never connects twice:
whoever's socket ends goes on by polling, as a browser does.
"""

import json
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import websocket

from tiketi_sdk.contract import realtime as wire
from tiketi_sdk.contract.queue import Place
from tiketi_sdk.stampede.tally import Tally

JOIN: Final = "socket.join"
"""What the report calls connecting, joining and being told where one stands."""
_JOIN_WITHIN_S: Final = 20.0
_PING, _PONG = "2", "3"
_ACK: Final = f"43{wire.NAMESPACE},1"
_EVENT: Final = f"42{wire.NAMESPACE},"


class Listener:
    """One visitor's socket."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        tally: Tally,
        *,
        now_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`url`: the queue service's base address; `token` is asked when it connects."""
        parts = urlsplit(url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = f"{parts.path.rstrip('/')}{wire.SOCKET_PATH}/?EIO=4&transport=websocket"
        self._url = f"{scheme}://{parts.netloc}{path}"
        self._token = token
        self._tally = tally
        self._now_s = now_s

    def __call__(self, event_id: int, within_s: float) -> Place | None:
        """The place once admitted; None when the place is lost, the socket has ended, or time is up."""
        until_s = self._now_s() + within_s
        connection = websocket.WebSocket(enable_multithread=False)
        try:
            place = self._join(connection, event_id)
            while place is not None and place.state != "admitted":
                connection.settimeout(max(0.001, until_s - self._now_s()))
                place = self._next(connection, place)
        except (websocket.WebSocketException, OSError, ValueError):
            return None
        finally:
            connection.shutdown()  # type: ignore[no-untyped-call]  # the library types half of itself
        return place

    def _join(self, connection: websocket.WebSocket, event_id: int) -> Place | None:
        began_s = self._now_s()
        code = "connection_lost"
        try:
            connection.connect(self._url, timeout=_JOIN_WITHIN_S)  # type: ignore[no-untyped-call]
            connection.send(f"40{wire.NAMESPACE},{json.dumps({'token': self._token()})}")
            request = json.dumps([wire.JOIN, {"event_id": event_id}])
            connection.send(f"42{wire.NAMESPACE},1{request}")
            while not (text := _received(connection)).startswith(_ACK):
                if text.startswith("44"):
                    break
            ack = wire.Ack() if text.startswith("44") else _ack(text)
            code = "ok" if ack.joined is not None else "refused"
            return None if ack.joined is None else ack.joined.place
        finally:
            took_s = self._now_s() - began_s
            self._tally.replied(JOIN, code, took_s=took_s, since_due_s=took_s)

    def _next(self, connection: websocket.WebSocket, place: Place) -> Place | None:
        text = _received(connection)
        if not text.startswith(_EVENT):
            return place
        name, body = json.loads(text.removeprefix(_EVENT))
        if name == wire.ADMITTED:
            return Place.model_validate_json(json.dumps(body))
        return None if name in {wire.GONE, wire.ENDED} else place


def _received(connection: websocket.WebSocket) -> str:
    """The next message that is no ping. Raises WebSocketException when there is none."""
    while True:
        text = connection.recv()
        if text == _PING:
            connection.send(_PONG)
        elif not isinstance(text, str) or not text:
            raise websocket.WebSocketConnectionClosedException("the server has closed it")
        else:
            return text


def _ack(text: str) -> wire.Ack:
    (body,) = json.loads(text.removeprefix(_ACK))
    return wire.Ack.model_validate_json(json.dumps(body))
