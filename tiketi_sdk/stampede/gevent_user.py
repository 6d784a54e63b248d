"""locust's `FastHttpUser` as the hands of a visitor: bytes out, bytes back. Imported in load processes only."""

import errno
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import gevent
from locust import FastHttpUser
from locust.env import Environment

from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.config import default_user_agent
from tiketi_sdk.errors import ConnectError, ConnectionLostError, RequestTimeoutError, TransportError
from tiketi_sdk.stampede.calling import Calls, LocalError, Surroundings
from tiketi_sdk.stampede.journey import Journey
from tiketi_sdk.stampede.listening import Listener
from tiketi_sdk.stampede.plan import Visitor
from tiketi_sdk.stampede.results import Outcome
from tiketi_sdk.stampede.tally import Tally

_LOCAL: Final = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOMEM, errno.ENOBUFS}
)
_REFUSED: Final = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})


class StampedeUser(FastHttpUser):
    """A locust user with connections of its own, over which visitors live their visits."""

    abstract = True
    host: str | None = "http://127.0.0.1"
    """Not used: every request names the whole address of its service."""
    concurrency = 1
    connection_timeout = 20.0
    network_timeout = 30.0
    insecure = False
    default_headers: dict[str, str] | None = {"User-Agent": f"{default_user_agent()} locust"}  # noqa: RUF012  # locust's way
    urls: Mapping[str, str] = {}
    """Base URLs by service."""
    event_id = 0
    patience_s = 240.0
    tokens: Mapping[int, str] = {}
    """By user id, newer ones than those that visitors came with."""
    tally: Tally

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # The platform sets no cookies; looking for some is a tenth of the work.
        self.client.client.cookiejar = None

    def live(self, visitor: Visitor, opening_s: float) -> Outcome:
        """One visit, from the visitor's moment after `opening_s` on."""

        def token() -> str:
            return self.tokens.get(visitor.user_id, visitor.token)

        near = Surroundings(sleep=gevent.sleep, random=Random(visitor.user_id))  # noqa: S311
        calls = Calls(self.exchange, self.tally, token=token, surroundings=near)
        journey = Journey(
            visitor,
            calls,
            self.tally,
            event_id=self.event_id,
            surroundings=near,
            patience_s=self.patience_s,
            listen=Listener(self.urls["queue"], token, self.tally) if visitor.listens else None,
        )
        try:
            return journey.run(opening_s)
        finally:
            self.client.client.clientpool.close()

    def exchange(self, service: str, name: str, request: PreparedRequest) -> Answer:
        """Send one request; problems are answers like others, and locust lists them by `name`."""
        with self.client.request(
            request.method,
            self.urls[service] + request.target,
            name=name,
            data=request.body,  # type: ignore[arg-type]  # it sends bytes as they are
            headers={**request.headers, "Accept-Encoding": "gzip"},
            catch_response=True,
            allow_redirects=False,
        ) as response:
            if response.status_code == 0:
                error = _transport_error(response.error)
                response.failure(error)
                raise error
            answer = Answer(
                response.status_code, _Headers(response.headers), response.content or b""
            )
            if answer.status < 500:
                # Refusals are what a sale is made of; whether one was foreseen is the journey's to say.
                response.success()
        return answer


class _Headers(dict[str, str]):
    """geventhttpclient's headers as plain strings; names in lower case."""

    def __init__(self, headers: Any) -> None:
        super().__init__((str(name).lower(), str(value)) for name, value in headers.items())


def _transport_error(error: BaseException | None) -> TransportError:
    told = f"{type(error).__name__}: {error}"
    number = getattr(error, "errno", None)
    if number in _LOCAL:
        return LocalError(told)
    if number in _REFUSED:
        return ConnectError(told)
    if isinstance(error, TimeoutError | gevent.Timeout):
        return RequestTimeoutError(told)
    return ConnectionLostError(told)
