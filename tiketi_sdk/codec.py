"""Turns a request struct into bytes and an answer's bytes into a struct or an error; sends nothing itself.

Whoever has a transport can use it: this SDK over httpx, the services among themselves over aiohttp,
locust's users over gevent.
"""

import email.utils
import json
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import ValidationError

from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.forms import refused
from tiketi_sdk.contract.operation import (
    AUTHORIZATION,
    ENTRY_TOKEN,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    REQUEST_ID,
    Operation,
    RequestT,
    ResponseT,
    Wire,
)
from tiketi_sdk.contract.problem import FieldError, Problem
from tiketi_sdk.errors import (
    ApiError,
    ConfigError,
    InvalidAnswerError,
    InvalidRequestError,
    class_for,
)

_TOLD_MAX = 5
_HEADER_TEXT = "a header carries visible ASCII characters only, without spaces around them"
_ACCEPT = "application/json, application/problem+json"
_CODE_OF_STATUS = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request ready to be sent; put the base URL of its service in front of `target`."""

    method: str
    target: str
    """Path and query."""
    headers: dict[str, str]
    body: bytes | None
    """JSON in UTF-8, or None where nothing is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unread."""

    status: int
    headers: Mapping[str, str]
    """Looked up by name; either case-insensitive or with names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which fields of an operation travel where; worked out once per operation."""

    operation: Operation[Any, Any]
    path_fields: set[str]
    has_body: bool
    bare: bool
    """Whether no field is left beside those of the path."""


_SHAPES: dict[int, _Shape] = {}
"""By identity: hashing a frozen dataclass reads all its fields, each time. A shape keeps its operation alive."""


def _shape(operation: Operation[Any, Any]) -> _Shape:
    shape = _SHAPES.get(id(operation))
    if shape is None:
        named = {name for _, name, _, _ in string.Formatter().parse(operation.path) if name}
        rest = operation.request.model_fields.keys() - named
        shape = _Shape(operation, named, operation.has_body, not rest)
        _SHAPES[id(operation)] = shape
    return shape


def build(operation: Operation[RequestT, Any], fields: Mapping[str, object]) -> RequestT:
    """The request struct of an operation; raises `InvalidRequestError` with field paths, sending nothing."""
    try:
        return operation.request(**fields)
    except ValidationError as error:
        errors = field_errors(error)
        raise InvalidRequestError(
            _told(errors[0]), status=400, code="invalid_request", errors=errors
        ) from None


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """Each refused field by its path, in the form the platform itself uses."""
    return tuple(FieldError(field=path, message=why) for path, why in refused(error))


def _told(error: FieldError) -> str:
    return f"{error.field}: {error.message}" if error.field else error.message


def encode(
    operation: Operation[RequestT, Any],
    request: RequestT,
    *,
    token: str | None = None,
    idempotency_key: str | None = None,
    entry_token: str | None = None,
    if_match: str | None = None,
    request_id: str | None = None,
) -> PreparedRequest:
    """The bytes of a request. Fields that are None are left out. Further headers may be put into `headers`."""
    shape = _shape(operation)
    headers = headers_of(
        token=token,
        idempotency_key=idempotency_key,
        entry_token=entry_token,
        request_id=request_id,
    )
    if if_match is not None:
        headers[IF_MATCH] = _sendable(IF_MATCH, if_match)
    target = operation.path
    if shape.path_fields:
        target = target.format_map(
            {name: quote(str(getattr(request, name)), safe="") for name in shape.path_fields}
        )
    body = None
    if operation.upload:
        headers["Content-Type"], body = _multipart(request)
    elif shape.has_body:
        headers["Content-Type"] = "application/json"
        body = request.model_dump_json(exclude=shape.path_fields, exclude_none=True).encode()
    elif not shape.bare:
        target += query_of(
            request.model_dump(mode="json", exclude=shape.path_fields, exclude_none=True)
        )
    return PreparedRequest(operation.method, target, headers, body)


def _multipart(request: Wire) -> tuple[str, bytes]:
    """The one file of an upload as multipart/form-data (RFC 7578): its content type, and the body."""
    ((name, content),) = dict(request).items()
    boundary = secrets.token_hex(16)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def headers_of(
    *,
    token: str | None = None,
    idempotency_key: str | None = None,
    entry_token: str | None = None,
    request_id: str | None = None,
) -> dict[str, str]:
    """The headers of a request without a body; what is None is not sent.

    Raises `InvalidRequestError` for a value that no header can carry, `ConfigError` for such a token.
    """
    headers = {"Accept": _ACCEPT}
    if token is not None:
        if not _fits_a_header(token):
            raise ConfigError(f"the access token is none: {_HEADER_TEXT}")
        headers[AUTHORIZATION] = f"Bearer {token}"
    if idempotency_key is not None:
        headers[IDEMPOTENCY_KEY] = _sendable(IDEMPOTENCY_KEY, idempotency_key)
    if entry_token is not None:
        headers[ENTRY_TOKEN] = _sendable(ENTRY_TOKEN, entry_token)
    if request_id is not None:
        headers[REQUEST_ID] = _sendable(REQUEST_ID, request_id)
    return headers


def _sendable(name: str, value: str) -> str:
    if _fits_a_header(value):
        return value
    wrong = FieldError(field=name, message=_HEADER_TEXT)
    raise InvalidRequestError(_told(wrong), status=400, code="invalid_request", errors=(wrong,))


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()


def query_of(fields: Mapping[str, object]) -> str:
    """`?a=1&b=true`, or nothing for no fields."""
    if not fields:
        return ""
    pairs = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in fields.items()
    }
    return "?" + urlencode(pairs, doseq=True)


def decode(
    operation: Operation[Any, ResponseT], status: int, headers: Mapping[str, str], body: bytes
) -> ResponseT:
    """The answer's struct; raises the `ApiError` of a problem, or `InvalidAnswerError`."""
    if not 200 <= status < 300:
        raise problem_of(status, headers, body)
    try:
        return operation.response.model_validate_json(body)
    except ValidationError as error:
        told = "; ".join(_told(each) for each in field_errors(error)[:_TOLD_MAX])
        raise InvalidAnswerError(
            f"the answer to {operation.name} is not as agreed: {told}"
        ) from None


def problem_of(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error of an answer that is not a success, also of one that something in between made up."""
    retry_after_s = _retry_after_s(_header(headers, "retry-after"))
    request_id = _header(headers, REQUEST_ID.lower()) or ""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        code = _CODE_OF_STATUS.get(status, "internal" if status >= 500 else "invalid_request")
        return class_for(code, status)(
            f"{CODES[code].title} (status {status}, not a problem body)",
            status=status,
            code=code,
            request_id=request_id,
            retry_after_s=retry_after_s,
        )
    return class_for(problem.code, status)(
        problem.detail or problem.title,
        status=status,
        code=problem.code,
        request_id=problem.request_id or request_id,
        errors=problem.errors,
        retry_after_s=retry_after_s,
        extra=problem.model_extra,
    )


def encode_raw(
    method: str,
    path: str,
    *,
    query: Mapping[str, object] | None = None,
    json_body: object = None,
    headers: dict[str, str],
) -> PreparedRequest:
    """A request to any address, for what no operation describes. `headers` gains the content type."""
    body = None
    if json_body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(json_body, ensure_ascii=False, separators=(",", ":")).encode()
    target = ("" if path.startswith("/") else "/") + path
    return PreparedRequest(method.upper(), target + query_of(query or {}), headers, body)


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return headers.get(name) or headers.get(name.title())


def _retry_after_s(text: str | None) -> float | None:
    """Retry-After is whole seconds or an HTTP date (RFC 9110 §10.2.3); anything else counts as absent."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, when.timestamp() - time.time())
