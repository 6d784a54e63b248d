"""Thousands of light websocket clients of the waiting room, in a process of their own; started by sockets.py.

Does what stdin says, a word a line, and answers each with a line of JSON. It parses as little as it can.
"""

import asyncio
import json
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvloop

EVENT_ID: Final = 42
LINE: Final = b'["line",'
PING: Final = b"\x81\x012"
UPGRADE: Final = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


def allow_many_files() -> None:
    """As many sockets as this process may ever have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _frame(text: str) -> bytes:
    """A client's text frame, masked with zeros."""
    body = text.encode()
    if len(body) < 126:
        return bytes((0x81, 0x80 | len(body))) + bytes(4) + body
    return bytes((0x81, 0x80 | 126)) + len(body).to_bytes(2, "big") + bytes(4) + body


class _Crowd:
    """What all clients have seen."""

    def __init__(self) -> None:
        self.joined_count = 0
        self.left_count = 0
        self.lost_count = 0
        self.clients: set[_Client] = set()
        """Connected."""
        self.told_count = 0
        self.last_told_s = 0.0
        self.changed = asyncio.Event()


class _Client(asyncio.Protocol):
    """Connects, joins in the same breath, answers pings, counts what it is told."""

    def __init__(self, crowd: _Crowd, token: str) -> None:
        self._crowd = crowd
        self._token = token
        self._transport: Any = None
        self._state = 0
        self._is_leaving = False

    def leave(self) -> None:
        """Close the connection."""
        self._is_leaving = True
        self._transport.close()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._crowd.clients.add(self)
        transport.write(UPGRADE)

    def data_received(self, data: bytes) -> None:
        if self._state == 0 and b"101 Switching" in data:
            self._state = 1
            hello = json.dumps({"token": self._token})
            self._transport.write(
                _frame(f"40/queue,{hello}")
                + _frame(f'42/queue,1["join",{{"event_id":{EVENT_ID}}}]')
            )
        if self._state == 1 and b"43/queue,1" in data:
            self._state = 2
            if b'"joined"' in data:
                self._crowd.joined_count += 1
            else:
                sys.stderr.write(f"{data[-200:]!r}\n")
                self._crowd.lost_count += 1
            self._crowd.changed.set()
        if LINE in data:
            self._crowd.told_count += 1
            self._crowd.last_told_s = time.monotonic()
        if PING in data:
            self._transport.write(_frame("3"))

    def connection_lost(self, _error: Exception | None) -> None:
        self._crowd.clients.discard(self)
        if self._is_leaving:
            self._crowd.left_count += 1
        else:
            self._crowd.lost_count += 1
        self._crowd.changed.set()


def _say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _arrive(crowd: _Crowd, port: int, tokens: list[str]) -> float:
    """Seconds until the last of them had its place."""
    loop = asyncio.get_running_loop()
    wanted = crowd.joined_count + len(tokens)
    started_s = time.monotonic()
    results = await asyncio.gather(
        *(
            loop.create_connection(partial(_Client, crowd, token), "127.0.0.1", port)
            for token in tokens
        ),
        return_exceptions=True,
    )
    crowd.lost_count += sum(isinstance(result, BaseException) for result in results)
    while crowd.joined_count + crowd.lost_count < wanted:
        crowd.changed.clear()
        await crowd.changed.wait()
    return time.monotonic() - started_s


async def _leave(crowd: _Crowd) -> None:
    """Everybody goes; they may come again."""
    for client in tuple(crowd.clients):
        client.leave()
    while crowd.clients:
        crowd.changed.clear()
        await crowd.changed.wait()


async def _ask(port: int, waits_s: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        started_s = time.monotonic()
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: bench\r\n\r\n")
        await reader.readuntil(b"}")
        waits_s.append(time.monotonic() - started_s)
        await asyncio.sleep(0.002)


async def clients(tokens: list[str], port: int, burst: int) -> None:
    """Does what the service's process writes, a line at a time, and says how it went."""
    crowd = _Crowd()
    waits_s: list[float] = []
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    asking: asyncio.Task[None] | None = None
    _say(ready=True)
    while order := (await orders.readline()).decode().strip():
        if order in {"burst", "again", "rest"}:
            coming = tokens[burst:] if order == "rest" else tokens[:burst]
            seconds = await _arrive(crowd, port, coming)
            _say(seconds=seconds, joined=crowd.joined_count, lost=crowd.lost_count)
        elif order == "leave":
            await _leave(crowd)
            _say(left=crowd.left_count)
        elif order == "ask":
            asking = loop.create_task(_ask(port, waits_s))
            _say(asking=True)
        elif order == "told":
            _say(told=crowd.told_count, last_s=crowd.last_told_s, lost=crowd.lost_count)
            crowd.told_count = 0
        elif order == "end":
            if asking is not None:
                asking.cancel()
            waits_s.sort()
            _say(p50_ms=_at(waits_s, 0.5), p99_ms=_at(waits_s, 0.99), asked=len(waits_s))


def _at(sorted_s: list[float], share: float) -> float:
    return round(sorted_s[int(share * (len(sorted_s) - 1))] * 1000, 1) if sorted_s else 0.0


if __name__ == "__main__":
    allow_many_files()
    known = json.loads(Path(sys.argv[1]).read_text())
    uvloop.run(clients(known, int(sys.argv[2]), int(sys.argv[3])))
