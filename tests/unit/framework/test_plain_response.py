"""An answer in one write is the answer that HTTP asks for."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.http import HttpVersion, HttpVersion10, HttpVersion11

from tiketi_platform.framework.plain_response import PlainResponse


class _Client:
    """What a response touches of a request."""

    def __init__(self, *, version: HttpVersion = HttpVersion11, keep_alive: bool = True) -> None:
        self.written: list[bytes] = []
        self.drained_count = 0
        self.version = version
        self.keep_alive = keep_alive
        self.closing = False
        self.transport = SimpleNamespace(is_closing=lambda: self.closing, write=self.written.append)
        self.writer = self

    async def drain(self) -> None:
        self.drained_count += 1


async def _sent(client: Any, body: bytes | None = b"{}", **said: Any) -> list[bytes]:
    response = PlainResponse(body, **{"status": 200, "headers": {}, **said})
    await response.prepare(client)
    await response.write_eof()
    assert response.prepared
    (wire,) = client.written
    head, _, rest = wire.partition(b"\r\n\r\n")
    assert rest == (body or b"")
    assert client.drained_count == 1
    return [line for line in head.split(b"\r\n") if not line.startswith(b"Date: ")]


async def test_headers_and_body_leave_together() -> None:
    assert await _sent(_Client(), status=201, headers={"ETag": '"1"'}) == [
        b"HTTP/1.1 201 Created",
        b'ETag: "1"',
        b"Content-Length: 2",
    ]


async def test_an_answer_without_a_body_says_no_length() -> None:
    assert await _sent(_Client(), None, status=304) == [b"HTTP/1.1 304 Not Modified"]
    assert await _sent(_Client(), None, status=200) == [b"HTTP/1.1 200 OK", b"Content-Length: 0"]


async def test_the_connection_goes_on_as_the_client_wishes() -> None:
    closed = await _sent(_Client(keep_alive=False))
    assert closed[-1] == b"Connection: close"
    kept = await _sent(_Client(version=HttpVersion10))
    assert kept[-1] == b"Connection: keep-alive"


async def test_the_service_may_end_the_connection() -> None:
    client: Any = _Client()
    response = PlainResponse(b"{}", status=200, headers={})
    response.force_close()
    await response.prepare(client)
    assert b"\r\nConnection: close\r\n" in client.written[0]
    assert not response.keep_alive


async def test_a_header_cannot_begin_another() -> None:
    with pytest.raises(ValueError, match="header"):
        await _sent(_Client(), headers={"ETag": "1\r\nSet-Cookie: a=b"})


async def test_a_client_that_has_left_is_no_mistake_of_ours() -> None:
    client = _Client()
    client.closing = True
    with pytest.raises(ConnectionError):
        await _sent(client)
