"""Makes a call succeed if it can: tokens, refresh, idempotency keys, retries. Knows no service's meaning."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from tiketi_sdk import codec, retries
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.config import Config, Credentials, CredentialStore
from tiketi_sdk.contract.auth import REFRESH, RefreshRequest, Session
from tiketi_sdk.contract.operation import Operation, RequestT, ResponseT
from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import ApiError, AuthenticationError, TokenExpiredError, TransportError
from tiketi_sdk.transport import AsyncTransport

ReadT = TypeVar("ReadT")
SERVICE_OF: dict[str, str] = {
    operation.name: service.name
    for service in SERVICES.values()
    for operation in service.operations
}
"""By operation name; what every service has (`audit.backlog`) must be called with a service named."""
ENTRY_TOKENS_MAX = 64
RESERVATIONS_MAX = 1_024
LOCK_WAIT_S_MAX = 30.0
"""How long another process may take over its refresh before we go on with the token we have."""
_LOCK_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncSurroundings:
    """Time and chance, so that tests need not wait or hope."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """A number in [0, 1)."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic_s: Callable[[], float] = time.monotonic


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
        self.store = store
        self.surroundings = surroundings or AsyncSurroundings()
        self._refreshing = asyncio.Lock()
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
            repeatable=operation.method == "GET" or idempotency_key is not None,
            timeout_s=timeout_s,
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
    ) -> ReadT:
        may_refresh = not public
        attempt_count = 0
        while True:
            token = None if public else await self._token()
            try:
                answer = await self.transport.send(base_url, prepare(token), timeout_s=timeout_s)
                return read(answer)
            except TokenExpiredError:
                if not may_refresh or not await self._refresh(token):
                    raise
                may_refresh = False
            except (ApiError, TransportError) as error:
                attempt_count += 1
                wait_s = retries.wait_s(
                    self.config.retries,
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
        token = await self._token()
        if spent is None or token != spent:
            return token
        if not await self._refresh(spent):
            raise TokenExpiredError(
                "log in again", status=401, code=TokenExpiredError.code_of_class, request_id=""
            )
        return self.store.load().token

    async def _token(self) -> str | None:
        held = self.store.load()
        if held.expires_at is None or held.refresh_token is None:
            return held.token
        left_s = (held.expires_at - self.surroundings.now()).total_seconds()
        if left_s > self.config.refresh_before_s:
            return held.token
        try:
            await self._refresh(held.token)
        except (ApiError, TransportError):
            if left_s <= 0:
                raise
            return held.token  # auth is away; what we hold is good for a moment yet
        return self.store.load().token

    async def _refresh(self, spent: str | None) -> bool:
        """Trade the refresh token for a new session, once however many calls ask; whether there is one."""
        async with self._refreshing:
            if not await self._lock_store():
                return False
            try:
                held = self.store.load()
                if held.token != spent:
                    return True  # another call or process was faster
                if held.refresh_token is None:
                    return False
                request = RefreshRequest(refresh_token=held.refresh_token)
                self.remember_session(await self.call(REFRESH, request), same_user=True)
            except AuthenticationError:
                self.store.save(replace(self.store.load(), refresh_token=None))
                return False
            finally:
                self.store.unlock()
            return True

    async def _lock_store(self) -> bool:
        deadline_s = self.surroundings.monotonic_s() + LOCK_WAIT_S_MAX
        while not self.store.try_lock():
            if self.surroundings.monotonic_s() >= deadline_s:
                return False
            await self.surroundings.sleep(_LOCK_POLL_S)
        return True

    def remember_session(self, session: Session, *, same_user: bool = False) -> None:
        """Act as the user of `session` from now on; another user's entry tokens are of no use."""
        held = self.store.load() if same_user else Credentials()
        self.store.save(
            replace(
                held,
                token=session.token,
                refresh_token=session.refresh_token,
                expires_at=session.expires_at,
            )
        )

    def remember_entry(self, event_id: int, entry_token: str | None) -> None:
        """Send this entry token where the event's reservations and payments need one; None forgets it."""
        held = self.store.load()
        if held.entry_tokens.get(event_id) == entry_token:
            return
        kept = {key: token for key, token in held.entry_tokens.items() if key != event_id}
        if entry_token is not None:
            kept[event_id] = entry_token
        latest = dict(list(kept.items())[-ENTRY_TOKENS_MAX:])
        self.store.save(replace(held, entry_tokens=latest))

    def entry_token(self, event_id: int) -> str | None:
        """The entry token remembered for an event."""
        return self.store.load().entry_tokens.get(event_id)

    def remember_reservation(self, reservation_id: int, event_id: int) -> None:
        """Note which event a reservation is for, so that paying it finds the entry token."""
        self._event_ids.pop(reservation_id, None)
        self._event_ids[reservation_id] = event_id
        if len(self._event_ids) > RESERVATIONS_MAX:
            del self._event_ids[next(iter(self._event_ids))]

    def event_of(self, reservation_id: int) -> int | None:
        """The event of a reservation this client has seen."""
        return self._event_ids.get(reservation_id)
