"""Calls operations of other services as this service, with its own token; retries only what may be repeated."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

import aiohttp
import stamina

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.framework.telemetry import request_id_var
from tiketi_sdk import codec
from tiketi_sdk.contract import auth
from tiketi_sdk.contract.operation import Operation, RequestT, ResponseT
from tiketi_sdk.contract.problem import PROBLEM_TYPE
from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import ApiError, InvalidAnswerError

if TYPE_CHECKING:
    from tiketi_core.kernel.clock import Clock
    from tiketi_platform.framework.settings import Settings

CONNECTIONS_MAX: Final = 64
"""Open connections to each peer."""
KEPT_S: Final = 15.0
"""How long an idle connection is kept."""
TOKEN_MARGIN_MS: Final = 60_000
"""A service token is renewed this long before it ends."""
ATTEMPTS_MAX: Final = 3

_REPEATING: Final = stamina.AsyncRetryingCaller(
    attempts=ATTEMPTS_MAX - 1, wait_initial=0.05, wait_max=0.5
).on(aiohttp.ClientConnectionError)
"""For the attempts after the first: nearly every call needs one, and counting it costs half of one."""

_SERVICE_OF: Final[Mapping[str, str]] = {
    operation.name: service.name
    for service in SERVICES.values()
    for operation in service.operations
}


class _StrangerError(aiohttp.ClientConnectionError):
    """Whoever answers at the peer's address is not the peer."""


def _session(*, force_close: bool) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit_per_host=CONNECTIONS_MAX,
        force_close=force_close,
        keepalive_timeout=None if force_close else KEPT_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=bounds.peer_timeout_ms / 1000),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class PeerClient:
    """This service's way to the five others."""

    def __init__(self, name: str, settings: "Settings", clock: "Clock") -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._http = _session(force_close=False)
        self._unkept = _session(force_close=True)
        self._distrusted_until_s = 0.0
        self._token: auth.ServiceToken | None = None
        self._logging_in = asyncio.Lock()

    @classmethod
    def open(cls, name: str, settings: "Settings", clock: "Clock") -> Self:
        """A client with its own bounded connections; close it with `close`."""
        return cls(name, settings, clock)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
        await self._unkept.close()

    async def call(
        self,
        operation: Operation[RequestT, ResponseT],
        request: RequestT,
        *,
        idempotency_key: str | None = None,
    ) -> ResponseT:
        """The peer's answer. Raises the SDK's ApiError for a refusal (4xx), UnavailableError for no answer."""
        if operation.access == "public":
            return await self._call(operation, request, None, idempotency_key)
        token = await self._service_token()
        try:
            return await self._call(operation, request, token, idempotency_key)
        except ApiError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
        # The key that signed it was ended; a 401 did nothing, so that anything may be sent again.
        self._forget(token)
        return await self._call(operation, request, await self._service_token(), idempotency_key)

    async def _call(
        self,
        operation: Operation[RequestT, ResponseT],
        request: RequestT,
        token: str | None,
        idempotency_key: str | None,
    ) -> ResponseT:
        prepared = codec.encode(
            operation,
            request,
            token=token,
            idempotency_key=idempotency_key,
            request_id=request_id_var.get() or None,
        )
        url = self._settings.peer_url(_SERVICE_OF[operation.name]) + prepared.target
        repeatable = (
            operation.repeatable if operation.idempotency == "none" else idempotency_key is not None
        )
        try:
            try:
                answer = await self._send(prepared, url)
            except aiohttp.ClientConnectionError:
                if not repeatable:
                    raise
                # Most often a kept connection that the peer has closed meanwhile: no reason to wait.
                answer = await _REPEATING(self._send, prepared, url)
            return codec.decode(operation, *answer)
        except (aiohttp.ClientError, TimeoutError, InvalidAnswerError) as error:
            raise UnavailableError(f"no answer to {operation.name}", retry_after_s=1) from error
        except ApiError as error:
            if error.status < 500:
                raise
            raise UnavailableError(
                f"{operation.name} failed: {error.code}", retry_after_s=1
            ) from error

    async def _send(
        self, prepared: codec.PreparedRequest, url: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        loop = asyncio.get_running_loop()
        http = self._http if loop.time() >= self._distrusted_until_s else self._unkept
        async with http.request(
            prepared.method, url, data=prepared.body, headers=prepared.headers
        ) as response:
            if response.status >= 400 and response.content_type != PROBLEM_TYPE:
                # Until a new cluster's routes are in place, a peer's address may lead to a stranger, and a kept
                # connection would go on leading there: use none until the last of them has run out.
                self._distrusted_until_s = loop.time() + KEPT_S + 1
                raise _StrangerError(f"status {response.status} from no service of ours")
            return response.status, response.headers, await response.read()

    def _forget(self, token: str) -> None:
        if self._token is not None and self._token.token == token:
            self._token = None

    async def _service_token(self) -> str:
        async with self._logging_in:
            token = self._token
            if (
                token is None
                or token.expires_at.timestamp() * 1000 - TOKEN_MARGIN_MS <= self._clock.now_ms()
            ):
                secret = self._settings.secret(f"{self._name}-service")
                request = auth.ServiceTokenRequest.model_validate(
                    {"service": self._name, "secret": secret}
                )
                token = self._token = await self.call(auth.SERVICE_TOKEN, request)
            return token.token
