"""The one middleware: request id in and out, metrics, and a problem body for whatever escaped."""

import re
import secrets
import time
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tiketi_platform.framework import problems
from tiketi_platform.framework.telemetry import Metrics, log, request_id_var
from tiketi_sdk.contract.operation import REQUEST_ID as REQUEST_ID_HEADER

SLOW_S: Final = 1.0
"""Requests that take longer are logged."""
_SOUND_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_CODE_OF_STATUS: Final = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def edge(metrics: Metrics, operation_of: dict[object, str]) -> Middleware:
    """The middleware of one service; `operation_of` names each aiohttp resource for the metrics."""
    in_flight = metrics.in_flight

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        given = request.headers.get(REQUEST_ID_HEADER)
        request_id = given if given and _SOUND_ID.fullmatch(given) else secrets.token_hex(8)
        request_id_var.set(request_id)
        in_flight.inc()
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = _plain(error, request_id)
        except Exception:  # noqa: BLE001  # the last line: nothing but a problem body may get out
            log.exception("unhandled", extra={"path": request.path, "method": request.method})
            response = problems.problem(
                "internal", "an unexpected error; it has been logged", request_id=request_id
            )
        finally:
            in_flight.dec()
        if not response.prepared:
            response.headers[REQUEST_ID_HEADER] = request_id
        elapsed = time.perf_counter() - started
        operation = operation_of.get(request.match_info.route.resource, "unknown")
        metrics.observe(
            f"{request.method} {operation}" if operation == "unknown" else operation,
            response.status,
            elapsed,
        )
        if elapsed > SLOW_S:
            log.warning(
                "slow request", extra={"operation": operation, "seconds": round(elapsed, 3)}
            )
        return response

    return middleware


def _plain(error: web.HTTPException, request_id: str) -> web.StreamResponse:
    code = _CODE_OF_STATUS.get(
        error.status, "invalid_request" if error.status < 500 else "internal"
    )
    response = problems.problem(code, error.reason, request_id=request_id)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response
