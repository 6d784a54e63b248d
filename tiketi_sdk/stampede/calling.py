"""One visitor's calls: encoded and read by the SDK's codec, tried again by its policy, each answer counted."""

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol

from tiketi_sdk import codec, retries
from tiketi_sdk.caller import SERVICE_OF
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.contract.operation import Operation, RequestT, ResponseT
from tiketi_sdk.errors import ApiError, TiketiError, TransportError
from tiketi_sdk.retries import RetryPolicy
from tiketi_sdk.stampede.tally import Tally

PATIENT = RetryPolicy(retries_max=8, backoff_s=0.3, backoff_s_max=5.0)
"""A buyer in front of the browser presses the button again a few times."""
AWAITED_S_MAX: Final = 90.0
"""How long an answer that is still being worked on is asked for."""


class LocalError(TransportError):
    """This machine could not even start the request: no files, ports or memory left."""

    sent = False


class Exchange(Protocol):
    """Sends one request and brings the answer, or raises `TransportError`."""

    def __call__(self, service: str, name: str, request: PreparedRequest) -> Answer:
        """`name` is the operation's, for whoever lists requests."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Time and chance, of the event loop the visitors live in."""

    sleep: Callable[[float], object]
    now_s: Callable[[], float] = time.perf_counter
    random: Random


class Calls:
    """What one visitor can ask the platform."""

    def __init__(
        self,
        exchange: Exchange,
        tally: Tally,
        *,
        token: Callable[[], str],
        surroundings: Surroundings,
        policy: RetryPolicy = PATIENT,
    ) -> None:
        """`token` is asked for each attempt: a visit may outlast one."""
        self._exchange = exchange
        self._tally = tally
        self._token = token
        self._near = surroundings
        self._policy = policy

    def call(
        self,
        operation: Operation[RequestT, ResponseT],
        request: RequestT,
        *,
        foreseen: Collection[str] = (),
        awaited: Collection[str] = (),
        entry_token: str | None = None,
        due_s: float | None = None,
    ) -> ResponseT:
        """The answer. `due_s`: when it was to be sent.

        `foreseen` codes are raised and counted as ordinary; `awaited` ones say that an earlier attempt is
        still being worked on, and are asked again for `AWAITED_S_MAX`. Raises `ApiError` or `TransportError` once trying again makes no sense.
        """
        key = uuid.uuid4().hex if operation.idempotency != "none" else None
        attempt_count = 0
        began_s = self._near.now_s()
        while True:
            attempt_count += 1
            prepared = codec.encode(
                operation,
                request,
                token=self._token(),
                idempotency_key=key,
                entry_token=entry_token,
            )
            try:
                return self._once(operation, prepared, due_s)
            except TiketiError as error:
                code = code_of(error)
                if code in foreseen:
                    raise
                pause_s = self._pause_s(error, attempt_count, repeatable=operation.repeatable)
                if code in awaited and self._near.now_s() - began_s < AWAITED_S_MAX:
                    attempt_count -= 1
                    pause_s = 1.0 + self._near.random.random()
                if pause_s is None:
                    self._tally.surprised(operation.name, code, _told(error))
                    raise
                self._tally.tried_again(operation.name, code)
            self._near.sleep(pause_s)

    def _pause_s(self, error: TiketiError, attempt_count: int, *, repeatable: bool) -> float | None:
        return retries.wait_s(
            self._policy,
            error,
            attempt_count=attempt_count,
            repeatable=repeatable,
            chance=self._near.random.random(),
        )

    def _once(
        self, operation: Operation[Any, ResponseT], prepared: PreparedRequest, due_s: float | None
    ) -> ResponseT:
        name = operation.name
        began_s = self._near.now_s()
        code = "ok"
        try:
            answer = self._exchange(SERVICE_OF[name], name, prepared)
            return codec.decode(operation, answer.status, answer.headers, answer.body)
        except TiketiError as error:
            code = code_of(error)
            if isinstance(error, LocalError):
                self._tally.local_errors_count += 1
            raise
        finally:
            now_s = self._near.now_s()
            since_s = began_s if due_s is None else due_s
            self._tally.replied(name, code, took_s=now_s - began_s, since_due_s=now_s - since_s)


def code_of(error: TiketiError) -> str:
    """A problem's code, or what kept an answer from coming."""
    if isinstance(error, ApiError):
        return error.code
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def _told(error: TiketiError) -> str:
    if not isinstance(error, ApiError):
        return f"{code_of(error)}: {error}"
    request = f" (request {error.request_id})" if error.request_id else ""
    return f"{error.status} {error.code}: {error.detail}{request}"
