"""Shows requests and answers while they happen (`-v`); never a body, a token or a password."""

import time
from collections.abc import Callable

from tiketi_sdk import Config
from tiketi_sdk._sync.transport import HttpxTransport
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.errors import TransportError


class LoudTransport:
    """The SDK's own transport with a line on stderr for each request and each answer."""

    def __init__(self, config: Config, *, say: Callable[[str], None]) -> None:
        self._transport = HttpxTransport(config)
        self._say = say

    def send(
        self, base_url: str, request: PreparedRequest, *, timeout_s: float | None = None
    ) -> Answer:
        """As the transport itself."""
        self._say(f"> {request.method} {base_url}{request.target}")
        begun_s = time.perf_counter()
        try:
            answer = self._transport.send(base_url, request, timeout_s=timeout_s)
        except TransportError as error:
            self._say(f"< {type(error).__name__}: {error}")
            raise
        took_ms = (time.perf_counter() - begun_s) * 1_000
        request_id = answer.headers.get("x-request-id") or "no request id"
        self._say(f"< {answer.status} in {took_ms:.0f} ms, {request_id}")
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
