"""A whole JSON answer that leaves in one write; it knows no streaming, compression or cookies.

aiohttp's own response makes a table of headers and serializes it through six coroutines, which costs a hot
path more than its handler. This one is what aiohttp asks of a response and no more: `prepare`, `write_eof`,
`keep_alive`.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11

if TYPE_CHECKING:
    from aiohttp import web

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus
}
_WITHOUT_BODY: Final = frozenset({204, 304})
"""Statuses whose answers end with their headers, and say no length (RFC 9110, 8.6)."""


class PlainResponse:
    """An answer whose body is there, or None where its status has none."""

    __slots__ = ("_body", "headers", "keep_alive", "prepared", "status")

    def __init__(self, body: bytes | None, *, status: int, headers: dict[str, str]) -> None:
        self._body = body
        self.status = status
        self.headers = headers
        """Sent as they are; those that say how long the body is and when it was sent are added."""
        self.keep_alive: bool | None = None
        """aiohttp: whether the connection goes on after this."""
        self.prepared = False
        """Whether it is on its way, and its headers with it."""

    def force_close(self) -> None:
        """Let the connection end with this answer."""
        self.keep_alive = False

    async def prepare(self, request: "web.BaseRequest") -> None:
        """aiohttp: send it all."""
        if self.prepared:
            return
        self.prepared = True
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has left")
        if self.keep_alive is None:
            self.keep_alive = request.keep_alive
        transport.write(self._wire(request))
        # A client that asks again and again and reads nothing waits here, not in our memory.
        await request.writer.drain()

    async def write_eof(self) -> None:
        """aiohttp: nothing is left to send."""

    def _wire(self, request: "web.BaseRequest") -> bytes:
        body = self._body or b""
        given = "".join([f"{name}: {value}\r\n" for name, value in self.headers.items()])
        if given.count("\r") + given.count("\n") != 2 * len(self.headers):
            raise ValueError("a header that would begin another")
        if self.status not in _WITHOUT_BODY:
            given += f"Content-Length: {len(body)}\r\n"
        if not self.keep_alive:
            given += "Connection: close\r\n"
        elif request.version < HttpVersion11:
            given += "Connection: keep-alive\r\n"
        head = f"{_STATUS_LINES[self.status]}{given}Date: {rfc822_formatted_time()}\r\n\r\n"
        return head.encode() + body
