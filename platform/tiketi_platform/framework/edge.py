"""What surrounds every answer: request id in and out, metrics, a deadline, a problem body for whatever escaped.

Wrapped around each route instead of being a middleware: aiohttp builds a middleware chain anew for
every request, which costs more than all of this.
"""

import re
import secrets
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final, cast

from aiohttp import web
from multidict import istr

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.framework import problems
from tiketi_platform.framework.deadlines import Deadlines
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.plain_response import PlainResponse
from tiketi_platform.framework.telemetry import Metrics, log, request_id_var
from tiketi_sdk.contract.operation import REQUEST_ID

SLOW_S: Final = 1.0
"""Requests that take longer are logged."""
REQUEST_ID_HEADER: Final = istr(REQUEST_ID)
_SOUND_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_PROCESS: Final = secrets.token_hex(6)
_numbers = count(1)
_CODE_OF_STATUS: Final = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse | PlainResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Edge:
    """The edge of one service."""

    def __init__(self, metrics: Metrics, farewell: Farewell | None = None) -> None:
        self._metrics = metrics
        self._farewell = farewell or Farewell()
        self.deadlines: Final = Deadlines(bounds.request_timeout_ms / 1000)

    def around(self, name: str, answer: Answer) -> Handler:
        """`answer` with its edge; `name` is what the metrics call it."""
        metrics, deadlines, farewell = self._metrics, self.deadlines, self._farewell

        async def guarded(request: web.Request) -> web.StreamResponse | PlainResponse:
            response: web.StreamResponse | PlainResponse
            started = time.perf_counter()
            given = request.headers.get(REQUEST_ID_HEADER)
            request_id = (
                given if given and _SOUND_ID.fullmatch(given) else f"{_PROCESS}-{next(_numbers):x}"
            )
            request_id_var.set(request_id)
            metrics.in_flight_count += 1
            try:
                with deadlines:
                    response = await answer(request)
            except TimeoutError:
                log.warning("request timed out", extra={"operation": name})
                response = problems.from_domain(
                    UnavailableError("it took too long"), request_id=request_id
                )
            except web.HTTPException as error:
                response = _plain(error, request_id)
            except Exception:  # noqa: BLE001  # the last line: nothing but a problem body may get out
                log.exception("unhandled", extra={"path": request.path, "method": request.method})
                response = problems.problem(
                    "internal", "an unexpected error; it has been logged", request_id=request_id
                )
            finally:
                metrics.in_flight_count -= 1
            if not response.prepared:
                response.headers[REQUEST_ID_HEADER] = request_id
                if farewell.is_said:
                    response.force_close()
            seconds = time.perf_counter() - started
            metrics.observe(name, response.status, seconds)
            if seconds > SLOW_S:
                log.warning("slow request", extra={"operation": name, "seconds": round(seconds, 3)})
            return response

        # aiohttp asks no more of a response than a plain one has.
        return cast("Handler", guarded)


async def unknown_address(request: web.Request) -> web.StreamResponse:
    """The answer where no route matches: 405 with Allow where another method would, else 404."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        _, methods = await resource.resolve(request)
        allowed |= methods
    allowed.discard("*")
    if allowed:
        raise web.HTTPMethodNotAllowed(request.method, allowed)
    raise web.HTTPNotFound


def _plain(error: web.HTTPException, request_id: str) -> web.StreamResponse:
    code = _CODE_OF_STATUS.get(
        error.status, "invalid_request" if error.status < 500 else "internal"
    )
    response = problems.problem(code, error.reason, request_id=request_id)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response
