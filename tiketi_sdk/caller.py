"""Makes a call succeed if it can: tokens, idempotency keys, retries. Knows no service's meaning."""

import uuid
from collections.abc import Callable
from copy import copy
from typing import Any, Self, TypeVar

from tiketi_sdk import codec, retries
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.config import Config, CredentialStore
from tiketi_sdk.contract.auth import REFRESH, RefreshRequest, Session
from tiketi_sdk.contract.operation import Operation, RequestT, ResponseT
from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import ApiError, TokenExpiredError, TransportError
from tiketi_sdk.retries import RetryPolicy
from tiketi_sdk.session import AsyncKeeper, AsyncSurroundings
from tiketi_sdk.transport import AsyncTransport

ReadT = TypeVar("ReadT")
SERVICE_OF: dict[str, str] = {
    operation.name: service.name
    for service in SERVICES.values()
    for operation in service.operations
}
"""By operation name; what every service has (`audit.backlog`) must be called with a service named."""
RESERVATIONS_MAX = 1_024
EARLY_REFRESH_S = 3.0
"""How long a call with a good token waits for the next one; what auth answers later is asked for again."""


class AsyncCaller:
    """What all resources of a client share: its transport, its credentials and its patience."""

    def __init__(
        self,
        config: Config,
        transport: AsyncTransport,
        store: CredentialStore,
        *,
        surroundings: AsyncSurroundings | None = None,
    ) -> None:
        self.config = config
        self.transport = transport
        self.surroundings = surroundings or AsyncSurroundings()
        self.keeper = AsyncKeeper(
            store,
            self._trade,
            refresh_before_s=config.refresh_before_s,
            surroundings=self.surroundings,
        )
        self._event_ids: dict[int, int] = {}

    async def call(
        self,
        operation: Operation[RequestT, ResponseT],
        request: RequestT,
        *,
        service: str | None = None,
        idempotency_key: str | None = None,
        entry_token: str | None = None,
        if_match: str | None = None,
        timeout_s: float | None = None,
        patience: RetryPolicy | None = None,
    ) -> ResponseT:
        """One operation. Raises `ApiError` or `TransportError` once trying again makes no sense."""
        if idempotency_key is None and operation.idempotency != "none":
            idempotency_key = str(uuid.uuid4())

        def prepare(token: str | None) -> PreparedRequest:
            return codec.encode(
                operation,
                request,
                token=token,
                idempotency_key=idempotency_key,
                entry_token=entry_token,
                if_match=if_match,
            )

        def read(answer: Answer) -> ResponseT:
            return codec.decode(operation, answer.status, answer.headers, answer.body)

        return await self._exchange(
            self.config.url_of(service or SERVICE_OF[operation.name]),
            prepare,
            read,
            public=operation.access == "public",
            repeatable=operation.repeatable,
            timeout_s=timeout_s,
            patience=patience,
        )

    async def ask(
        self,
        operation: Operation[Any, ResponseT],
        /,
        *,
        service: str | None = None,
        idempotency_key: str | None = None,
        entry_token: str | None = None,
        if_match: str | None = None,
        timeout_s: float | None = None,
        patience: RetryPolicy | None = None,
        **fields: object,
    ) -> ResponseT:
        """`call` with the request's fields by name; bad ones raise `InvalidRequestError`, nothing is sent."""
        return await self.call(
            operation,
            codec.build(operation, fields),
            service=service,
            idempotency_key=idempotency_key,
            entry_token=entry_token,
            if_match=if_match,
            timeout_s=timeout_s,
            patience=patience,
        )

    async def raw(
        self,
        service: str,
        *,
        prepare: Callable[[str | None], PreparedRequest],
        repeatable: bool,
        timeout_s: float | None = None,
    ) -> Answer:
        """A request that no operation describes, with token, refresh and retries all the same."""

        def read(answer: Answer) -> Answer:
            if answer.status >= 400:
                raise codec.problem_of(answer.status, answer.headers, answer.body)
            return answer

        return await self._exchange(
            self.config.url_of(service),
            prepare,
            read,
            public=False,
            repeatable=repeatable,
            timeout_s=timeout_s,
        )

    async def _exchange(
        self,
        base_url: str,
        prepare: Callable[[str | None], PreparedRequest],
        read: Callable[[Answer], ReadT],
        *,
        public: bool,
        repeatable: bool,
        timeout_s: float | None,
        patience: RetryPolicy | None = None,
    ) -> ReadT:
        may_refresh = not public
        attempt_count = 0
        if timeout_s is None:
            timeout_s = self.config.timeouts.request_s
        while True:
            token = None if public else await self.keeper.token()
            try:
                answer = await self.transport.send(base_url, prepare(token), timeout_s=timeout_s)
                return read(answer)
            except TokenExpiredError:
                if not may_refresh or not await self.keeper.refresh(token):
                    raise
                may_refresh = False
            except (ApiError, TransportError) as error:
                attempt_count += 1
                wait_s = retries.wait_s(
                    patience or self.config.retries,
                    error,
                    attempt_count=attempt_count,
                    repeatable=repeatable,
                    chance=self.surroundings.chance(),
                )
                if wait_s is None:
                    raise
                await self.surroundings.sleep(wait_s)

    async def token(self, *, spent: str | None = None) -> str | None:
        """The access token to show now, renewed if it is about to end or is the one that was `spent`.

        Raises `TokenExpiredError` when a spent one cannot be renewed.
        """
        if spent is None:
            return await self.keeper.token()
        return await self.keeper.token_after(spent)

    async def _trade(self, refresh_token: str, /, *, key: str, once: bool) -> Session:
        return await self.call(
            REFRESH,
            RefreshRequest(refresh_token=refresh_token),
            idempotency_key=key,
            timeout_s=EARLY_REFRESH_S if once else None,
            patience=retries.NONE if once else None,
        )

    def entry_token(self, event_id: int) -> str | None:
        """The entry token remembered for an event."""
        return self.store.load().entry_tokens.get(event_id)

    @property
    def store(self) -> CredentialStore:
        """Where the credentials are."""
        return self.keeper.store

    def patient(self, config: Config) -> Self:
        """This caller with other settings: the same connections, credentials and memory."""
        other = copy(self)
        other.config = config
        return other

    def remember_reservation(self, reservation_id: int, event_id: int) -> None:
        """Note which event a reservation is for, so that paying it finds the entry token."""
        self._event_ids.pop(reservation_id, None)
        self._event_ids[reservation_id] = event_id
        if len(self._event_ids) > RESERVATIONS_MAX:
            del self._event_ids[next(iter(self._event_ids))]

    def event_of(self, reservation_id: int) -> int | None:
        """The event of a reservation this client has seen."""
        return self._event_ids.get(reservation_id)
