"""Binds an operation of the contract to a handler: access, decoding, encoding and refusals in one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import hdrs, web
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
from tiketi_platform.framework.decoding import BodyTooLargeError, Decoder, UnsupportedMediaTypeError
from tiketi_platform.framework.telemetry import log, request_id_var
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
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
JSON_TYPE = "application/json"


class IdempotencyKeyRequiredError(DomainError):
    """Send an Idempotency-Key header, so that trying again can never do it twice."""

    code = "idempotency_key_required"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and what answers it."""

    operation: Operation[Any, Any]
    handler: Handler[Any, Any, Any]

    def answer(self, service: object, verifier: TokenVerifier) -> Answer:
        """The aiohttp handler of this route for a built service."""
        return _Endpoint(self.operation, self.handler, service, verifier).answer


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
    ) -> None:
        self._operation = operation
        self._handler = handler
        self._service = service
        self._verifier = verifier
        self._decode = Decoder(operation).decode
        self._declared = frozenset(operation.all_errors)
        self._status = operation.status

    async def answer(self, request: web.Request) -> web.StreamResponse:
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
        body = await self._body(request) if operation.has_body else b""
        query = request.query
        if len(query) != len(set(query)):
            raise InvalidRequestError("a query parameter is given twice", field="")
        decoded = self._decode(request.match_info, query, body)
        entry_token = headers.get(ENTRY_TOKEN)
        if operation.entry and entry_token is None:
            raise EntryRequiredError
        key = self._idempotency_key(headers.get(IDEMPOTENCY_KEY))
        entry = None
        if principal is not None and entry_token is not None and operation.entry:
            entry = await self._entry(entry_token, principal, key)
        return Call(
            decoded,
            request_id,
            principal,
            entry,
            key,
            headers.get(hdrs.IF_NONE_MATCH),
            request.remote or "",
        )

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
        principal = await self._verifier.access(token)
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
        if request.can_read_body and request.content_type != JSON_TYPE:
            raise UnsupportedMediaTypeError
        body = await request.read()
        if len(body) > limit:
            raise BodyTooLargeError(f"the body may have {limit} bytes at the most")
        return body

    def _idempotency_key(self, key: str | None) -> str | None:
        if self._operation.idempotency == "none":
            return None
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

    def _success(self, result: Wire | Reply) -> web.Response:
        if isinstance(result, Reply):
            body = result.body if isinstance(result.body, bytes | None) else encode(result.body)
            response = web.Response(
                body=body, status=result.status or self._status, headers=result.headers
            )
            if body is not None:
                response.content_type = JSON_TYPE
            return response
        return web.Response(body=encode(result), status=self._status, content_type=JSON_TYPE)


def encode(value: Wire) -> bytes:
    """A struct as JSON, UTF-8."""
    return value.__pydantic_serializer__.to_json(value)
