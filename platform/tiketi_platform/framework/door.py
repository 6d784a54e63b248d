"""Lets connections in, up to a bound below the files a process may open, and answers what is no HTTP; routes nothing.

Without the bound a crowd could use up the files, and uvloop closes a listener for good when that happens.
Whoever comes beyond it is told 503 with Retry-After and shown out; beyond that, cut off at once.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final, cast

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_request import BaseRequest

from tiketi_core.kernel import bounds
from tiketi_platform.framework import problems
from tiketi_platform.framework.telemetry import Metrics, log
from tiketi_sdk.contract.operation import REQUEST_ID

REFUSED_WITHIN_S: Final = 2.0
"""How long somebody who is refused may take to say what is wanted; the answer is the same anyway."""


class Door:
    """The one count of a process, whatever service the connections are for."""

    def __init__(self, connections_max: int, *, refusals_max: int) -> None:
        """Beyond `connections_max`, and those the loop accepts in one turn with the last of them, at most `refusals_max` are being told so at the same time."""
        self.connections_max = connections_max
        self.refusals_max = refusals_max
        self.connections_count = 0
        self.refusals_count = 0

    def protocols(self, server: web.Server, metrics: Metrics) -> Callable[[], asyncio.Protocol]:
        """What a listener makes of each connection; `server` answers those that are let in."""
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            if self.connections_count < self.connections_max:
                return Guest(self, server, metrics, loop)
            metrics.connections_refused_count += 1
            return Refusal(self, loop)

        return protocol


class Guest(web.RequestHandler):
    """A connection that was let in."""

    def __init__(
        self, door: Door, server: web.Server, metrics: Metrics, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(server, loop=loop, access_log=None)  # type: ignore[arg-type]  # None means none
        self._door = door
        self._metrics = metrics

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: it is open."""
        self._door.connections_count += 1
        self._metrics.connections_count += 1
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """asyncio: it is closed; called once."""
        self._door.connections_count -= 1
        self._metrics.connections_count -= 1
        super().connection_lost(exc)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """aiohttp: the answer where there is no request to route; then the connection closes.

        Says nothing of what was sent: it may be anything, and of any length.
        """
        if status != 400:
            return super().handle_error(request, status, exc, message)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way already")
        log.info("no HTTP", extra={"reason": type(exc).__name__})
        if isinstance(exc, LineTooLong):
            detail = f"the address or a header has more than {bounds.header_bytes_max} bytes"
        else:
            detail = "this is no HTTP request that can be understood"
        response = _told("invalid_request", detail)
        response.force_close()
        return response


class Refusal(asyncio.Protocol):
    """A connection too many: it gets one answer, whatever it asks."""

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: it is open."""
        self._door.refusals_count += 1
        opened = self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        if self._door.refusals_count > self._door.refusals_max:
            opened.abort()
        else:
            self._patience = self._loop.call_later(REFUSED_WITHIN_S, opened.abort)

    def data_received(self, data: bytes) -> None:
        """asyncio: something is asked. Answering before would lose the answer with the unread request."""
        del data
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_refusal())
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it is closed."""
        del exc
        self._door.refusals_count -= 1
        if self._patience is not None:
            self._patience.cancel()


def _told(code: str, detail: str) -> web.Response:
    request_id = secrets.token_hex(8)
    response = problems.problem(code, detail, request_id=request_id)
    response.headers[REQUEST_ID] = request_id
    return response


def _refusal() -> bytes:
    response = _told("unavailable", "too many connections at once; come again in a moment")
    body = response.body
    assert isinstance(body, bytes)
    head = [f"HTTP/1.1 {response.status} {response.reason}"]
    head += [f"{name}: {value}" for name, value in response.headers.items()]
    head += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(head).encode() + body
