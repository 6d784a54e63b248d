"""Turns what went wrong into a problem body (RFC 9457) with a stable code; never shows a stack trace."""

from collections.abc import Iterable
from itertools import islice

import orjson
from aiohttp import web
from pydantic import ValidationError

from tiketi_core.kernel.errors import DomainError
from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.forms import refused
from tiketi_sdk.contract.problem import PROBLEM_TYPE

FIELD_ERRORS_MAX = 20
"""Refused fields named in one answer."""


def problem(
    code: str,
    detail: str,
    *,
    request_id: str,
    errors: Iterable[dict[str, str]] = (),
    retry_after_s: float | None = None,
    extra: dict[str, object] | None = None,
) -> web.Response:
    """The answer for `code`; its status and title come from the contract's table."""
    row = CODES[code]
    body = {
        **(extra or {}),
        "type": f"urn:tiketi:problem:{code}",
        "title": row.title,
        "status": row.status,
        "code": code,
        "detail": detail,
        "request_id": request_id,
        "errors": list(errors),
    }
    response = web.Response(
        body=orjson.dumps(body), status=row.status, headers={"Content-Type": PROBLEM_TYPE}
    )
    if row.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if retry_after_s is not None or row.status in {429, 503}:
        # Whole seconds, rounded up: RFC 9110 knows no fractions.
        response.headers["Retry-After"] = str(max(1, -int(-(retry_after_s or 1) // 1)))
    return response


def from_domain(error: DomainError, *, request_id: str) -> web.Response:
    """The answer for a refusal of the domain."""
    errors = [{"field": error.field, "message": error.detail}] if error.field is not None else []
    return problem(
        error.code,
        error.detail,
        request_id=request_id,
        errors=errors,
        retry_after_s=error.retry_after_s,
        extra=dict(error.extra),
    )


def from_validation(error: ValidationError, *, request_id: str) -> web.Response:
    """The answer for a request that does not fit its struct: each refused field with its path."""
    errors = [
        {"field": path, "message": why} for path, why in islice(refused(error), FIELD_ERRORS_MAX)
    ]
    first = errors[0]
    detail = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return problem("invalid_request", detail, request_id=request_id, errors=errors)
