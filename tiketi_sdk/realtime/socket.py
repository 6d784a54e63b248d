"""One Socket.IO connection to the waiting room, by the official client library; it never connects again by itself."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from tiketi_sdk import codec
from tiketi_sdk.contract import realtime as wire
from tiketi_sdk.contract.operation import Wire
from tiketi_sdk.errors import ApiError, ConnectError, InvalidAnswerError

StructT = TypeVar("StructT", bound=Wire)

CONNECT_WITHIN_S = 10.0
NEWS_MAX = 256
"""Updates kept for a reader that is slower than the news; older ones are dropped."""


class NewsSocket:
    """One connection of the official client library."""

    def __init__(self, url: str, token: str | None) -> None:
        import socketio  # half a second and more: only for those who watch

        self._url = url
        self._token = token
        self._exceptions = socketio.exceptions
        # Ctrl-C is the caller's: the library's own handler cancels every task of the loop.
        self._library = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self._news: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue(NEWS_MAX)
        self._refusal: Any = None
        for event, handler in (
            ("*", self._hear),
            ("connect_error", self._hear_refusal),
            ("disconnect", self._hear_end),
        ):
            self._library.on(event, handler, namespace=wire.NAMESPACE)

    async def join(self, event_id: int, *, own: bool) -> wire.Joined:
        """Connect and ask. Raises `ConnectError` or the `ApiError` that the platform answered with."""
        parts = urlsplit(self._url)
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._library.connect(
                    f"{parts.scheme}://{parts.netloc}",
                    auth={"token": self._token or "-"},
                    namespaces=[wire.NAMESPACE],
                    transports=["websocket"],
                    socketio_path=f"{parts.path}{wire.SOCKET_PATH}".strip("/"),
                )
                answer = await self._library.call(
                    wire.JOIN if own else wire.WATCH,
                    {"event_id": event_id},
                    namespace=wire.NAMESPACE,
                    timeout=CONNECT_WITHIN_S,
                )
        except (self._exceptions.SocketIOError, OSError, TimeoutError) as error:
            if isinstance(self._refusal, dict) and isinstance(self._refusal.get("data"), dict):
                raise problem(self._refusal["data"]) from None
            raise ConnectError(f"no live news from {self._url}: {error}") from error
        ack = read(wire.Ack, answer)
        if ack.joined is None:
            raise problem(answer.get("problem", {}))
        return ack.joined

    async def news(self) -> AsyncGenerator[tuple[str, Any], None]:
        """What is told until the connection ends."""
        while (item := await self._news.get()) is not None:
            yield item

    async def close(self) -> None:
        """End the connection."""
        await self._library.disconnect()

    async def _hear(self, event: str, body: Any = None) -> None:
        self._put((event, body))

    async def _hear_refusal(self, body: Any = None) -> None:
        self._refusal = body

    async def _hear_end(self, _reason: Any = None) -> None:
        self._put(None)

    def _put(self, item: tuple[str, Any] | None) -> None:
        if self._news.full():
            self._news.get_nowait()
        self._news.put_nowait(item)


def read(struct: type[StructT], body: object) -> StructT:
    """A struct out of what the library has parsed. Raises `InvalidAnswerError`."""
    try:
        # Through JSON, in which the contract's moments are text.
        return struct.model_validate_json(json.dumps(body))
    except ValidationError as error:
        told = "; ".join(f"{each.field}: {each.message}" for each in codec.field_errors(error)[:5])
        raise InvalidAnswerError(f"what the socket told is not as agreed: {told}") from None


def problem(body: dict[str, Any]) -> ApiError:
    """The error that a refusal stands for."""
    return codec.problem_of(int(body.get("status", 500)), {}, json.dumps(body).encode())
