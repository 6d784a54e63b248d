"""Binds an operation of the contract to a handler: access, decoding, encoding and refusals in one place."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiohttp import hdrs, web
from multidict import istr
from pydantic import ValidationError

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidRequestError,
)
from tiketi_platform.framework import problems
from tiketi_platform.framework.access import (
    EntryClaims,
    EntryOverError,
    EntryRequiredError,
    Principal,
    TokenVerifier,
    UnauthenticatedError,
)
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.client_address import AddressOf, socket_address
from tiketi_platform.framework.decoding import BodyTooLargeError, Decoder, UnsupportedMediaTypeError
from tiketi_platform.framework.plain_response import PlainResponse
from tiketi_platform.framework.telemetry import log, request_id_var
from tiketi_platform.framework.uploads import read_file
from tiketi_sdk.contract.operation import (
    ENTRY_TOKEN,
    IDEMPOTENCY_KEY,
    Operation,
    Request,
    Wire,
)

ServiceT = TypeVar("ServiceT")
RequestT = TypeVar("RequestT", bound=Request)
ResponseT = TypeVar("ResponseT", bound=Wire)

Handler = Callable[[ServiceT, Call[RequestT]], Awaitable[ResponseT | Reply]]
Response = web.StreamResponse | PlainResponse
Answer = Callable[[web.Request], Awaitable[Response]]
JSON_TYPE = "application/json"
# Folded once: a header table folds the case of every plain string it is asked for.
_NO_PATH_FIELDS: Final[Mapping[str, str]] = {}
_ENTRY_TOKEN, _IDEMPOTENCY_KEY = istr(ENTRY_TOKEN), istr(IDEMPOTENCY_KEY)


class IdempotencyKeyRequiredError(DomainError):
    """Send an Idempotency-Key header, so that trying again can never do it twice."""

    code = "idempotency_key_required"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and what answers it."""

    operation: Operation[Any, Any]
    handler: Handler[Any, Any, Any]

    def answer(
        self,
        service: object,
        verifier: TokenVerifier,
        *,
        address_of: AddressOf = socket_address,
    ) -> Answer:
        """The aiohttp handler of this route for a built service."""
        return _Endpoint(
            self.operation, self.handler, service, verifier, address_of=address_of
        ).answer


def bind(
    operation: Operation[RequestT, ResponseT],
    handler: Callable[[ServiceT, Call[RequestT]], Awaitable[ResponseT | Reply]],
) -> Route:
    """Let `handler` answer `operation`; the types of both must agree, and mypy sees to it."""
    return Route(operation, handler)


class _Endpoint:
    """Everything between aiohttp and one handler."""

    def __init__(
        self,
        operation: Operation[Any, Any],
        handler: Handler[Any, Any, Any],
        service: object,
        verifier: TokenVerifier,
        *,
        address_of: AddressOf,
    ) -> None:
        self._operation = operation
        self._address_of = address_of
        self._handler = handler
        self._service = service
        self._verifier = verifier
        self._decoder = Decoder(operation)
        self._has_path_fields = "{" in operation.path
        self._file = next(iter(operation.request.model_fields)) if operation.upload else ""
        self._declared = frozenset(operation.all_errors)
        self._status = operation.status

    async def answer(self, request: web.Request) -> Response:
        """Serve one request; whatever goes wrong becomes a problem body."""
        request_id = request_id_var.get()
        try:
            call = await self._call(request, request_id)
            result = await self._handler(self._service, call)
        except ValidationError as error:
            return problems.from_validation(error, request_id=request_id)
        except DomainError as error:
            return self._refusal(error, request_id)
        return self._success(result)

    async def _call(self, request: web.Request, request_id: str) -> Call[Any]:
        operation, headers = self._operation, request.headers
        principal = await self._principal(headers.get(hdrs.AUTHORIZATION))
        if operation.upload:
            content = await read_file(request, self._file, operation.body_bytes_max)
            return Call(operation.request(**{self._file: content}), request_id, principal)
        # What was asked in these very words before need not be read again.
        query_string = request.rel_url.raw_query_string
        decoded = self._decoder.remembered.get(query_string)
        if decoded is None:
            decoded = await self._decoded(request, query_string)
        entry_token = headers.get(_ENTRY_TOKEN) if operation.entry else None
        if operation.entry and entry_token is None:
            raise EntryRequiredError
        key = None
        if operation.idempotency != "none":
            key = self._idempotency_key(headers.get(_IDEMPOTENCY_KEY))
        entry = None
        if principal is not None and entry_token is not None:
            entry = await self._entry(entry_token, principal, key)
        return Call(
            decoded,
            request_id,
            principal,
            entry,
            key,
            headers.get(hdrs.IF_NONE_MATCH),
            headers.get(hdrs.IF_MATCH) if operation.conditional else None,
            self._address_of(request),
        )

    async def _decoded(self, request: web.Request, query_string: str) -> Request:
        body = await self._body(request) if self._operation.has_body else b""
        query = request.query
        if query and len(query) != len(set(query)):
            raise InvalidRequestError("a query parameter is given twice", field="")
        # A request that came by a shortcut has none.
        path = request.match_info if self._has_path_fields else _NO_PATH_FIELDS
        decoded: Request = self._decoder.decode(path, query, body)
        self._decoder.remember(query_string, decoded)
        return decoded

    async def _principal(self, authorization: str | None) -> Principal | None:
        access = self._operation.access
        if access == "public":
            # A public operation reads no token, so a bad one cannot spoil it.
            return None
        if authorization is None:
            raise UnauthenticatedError
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("the Authorization header must say: Bearer <token>")
        principal = self._verifier.remembered(token) or await self._verifier.access(token)
        if not principal.may(access):
            raise ForbiddenError
        return principal

    async def _entry(self, token: str, principal: Principal, key: str | None) -> EntryClaims | None:
        try:
            entry = await self._verifier.entry(token)
        except EntryOverError:
            # Buying ends the session. Whose answer got lost then must still hear it: by the key.
            if key is None:
                raise
            return None
        if str(entry.user_id) != principal.subject:
            raise EntryRequiredError("this entry token is somebody else's")
        return entry

    async def _body(self, request: web.Request) -> bytes:
        limit = self._operation.body_bytes_max
        if request.content_length is not None and request.content_length > limit:
            raise BodyTooLargeError(f"the body may have {limit} bytes at the most")
        content = request.content
        if (
            request.headers.get(hdrs.CONTENT_TYPE) != JSON_TYPE
            and not content.at_eof()
            and request.content_type != JSON_TYPE
        ):
            raise UnsupportedMediaTypeError
        # A small body came with its headers: then there is nothing to wait for.
        body = content.read_nowait() if content.is_eof() else await request.read()
        if len(body) > limit:
            raise BodyTooLargeError(f"the body may have {limit} bytes at the most")
        return body

    def _idempotency_key(self, key: str | None) -> str | None:
        if key is None:
            if self._operation.idempotency == "required":
                raise IdempotencyKeyRequiredError
            return None
        if (
            not 0 < len(key) <= bounds.idempotency_key_chars_max
            or not key.isascii()
            or not key.isprintable()
        ):
            raise InvalidRequestError(
                f"must be 1 to {bounds.idempotency_key_chars_max} printable ASCII characters",
                field=IDEMPOTENCY_KEY,
            )
        return key

    def _refusal(self, error: DomainError, request_id: str) -> web.Response:
        if error.code in self._declared:
            return problems.from_domain(error, request_id=request_id)
        # Our own mistake: the contract would be lying if this code went out.
        log.error(
            "undeclared refusal",
            extra={"operation": self._operation.name, "code": error.code},
            exc_info=error,
        )
        return problems.problem("internal", "an unexpected refusal", request_id=request_id)

    def _success(self, result: Wire | Reply) -> PlainResponse:
        if not isinstance(result, Reply):
            headers = {"Content-Type": JSON_TYPE}
            return PlainResponse(encode(result), status=self._status, headers=headers)
        body = result.body if isinstance(result.body, bytes | None) else encode(result.body)
        headers = dict(result.headers)
        if body is not None:
            headers.setdefault("Content-Type", JSON_TYPE)
        return PlainResponse(body, status=result.status or self._status, headers=headers)


def encode(value: Wire) -> bytes:
    """A struct as JSON, UTF-8."""
    return value.__pydantic_serializer__.to_json(value)
