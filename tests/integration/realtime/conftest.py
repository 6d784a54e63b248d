"""One queue service, or two over the same Valkey, and clients of the official library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import socketio

from tests.integration.queue.serving import ON_SALE, find
from tests.ports import free_port
from tests.services import Running, serving, settings_for
from tests.waiting import PATIENCE_S
from tiketi_platform.framework.routing import bind
from tiketi_platform.framework.spec import AnySpec, ServiceSpec
from tiketi_sdk.contract import event

EVENT_ID = ON_SALE.id
CATALOGUE: AnySpec = ServiceSpec(
    name="event", build=lambda _resources: {EVENT_ID: ON_SALE}, routes=(bind(event.GET, find),)
)


class Client:
    """One connection of the official client, remembering all it was told."""

    def __init__(self, url: str, token: str | None, *, transports: tuple[str, ...]) -> None:
        self._url = url
        self._auth = None if token is None else {"token": token}
        self._transports = list(transports)
        self.library = socketio.AsyncClient(reconnection=False)
        self.told: list[tuple[str, Any]] = []
        self.refused: Any = None
        self.closed = asyncio.Event()
        self._news = asyncio.Event()
        self.library.on("*", self._hear, namespace="/queue")
        self.library.on("connect_error", self._hear_refusal, namespace="/queue")
        self.library.on("disconnect", self._hear_end, namespace="/queue")

    async def connect(self) -> Client:
        await self.library.connect(
            self._url, auth=self._auth, namespaces=["/queue"], transports=self._transports
        )
        return self

    async def ask(self, name: str, event_id: object = EVENT_ID) -> dict[str, Any]:
        answer = await self.library.call(
            name, {"event_id": event_id}, namespace="/queue", timeout=PATIENCE_S
        )
        assert isinstance(answer, dict)
        return answer

    async def hears(self, name: str, *, timeout_s: float = PATIENCE_S) -> Any:
        """The next message of this name, those before it being dropped."""
        async with asyncio.timeout(timeout_s):
            while True:
                while self.told:
                    heard, body = self.told.pop(0)
                    if heard == name:
                        return body
                self._news.clear()
                await self._news.wait()

    def heard(self, name: str) -> list[Any]:
        return [body for heard, body in self.told if heard == name]

    async def _hear(self, name: str, body: Any = None) -> None:
        self.told.append((name, body))
        self._news.set()

    async def _hear_refusal(self, body: Any = None) -> None:
        self.refused = body

    async def _hear_end(self, _reason: Any = None) -> None:
        self.closed.set()


@pytest.fixture
def settings(postgres, valkey, tmp_path):
    return settings_for(postgres, valkey, tmp_path)


@pytest.fixture
async def platform(settings) -> AsyncIterator[Running]:
    """Auth, a catalogue and the queue service."""
    async with serving(settings, "auth", CATALOGUE, "queue") as served:
        yield served


@pytest.fixture
def replica(settings):
    """Another queue service over the same Valkey, at a port of its own."""

    @asynccontextmanager
    async def _start() -> AsyncIterator[Running]:
        ports = {**settings.ports, "queue": free_port()}
        async with serving(replace(settings, ports=ports), "queue") as served:
            yield served

    return _start


@pytest.fixture
async def clients() -> AsyncIterator[Any]:
    """Makes clients; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def _connect(
            served: Running,
            user: int = 7,
            *,
            token: str | None = None,
            transports: tuple[str, ...] = ("websocket",),
        ) -> Client:
            token = served.token(sub=str(user)) if token is None else token
            client = Client(served.url("queue"), token, transports=transports)
            stack.push_async_callback(client.library.disconnect)
            return await client.connect()

        yield _connect


async def enter(platform: Running, user: int) -> dict[str, Any]:
    token = platform.token(sub=str(user))
    answer = await platform.ask(
        "POST", "queue", "/api/queue/enter", token=token, json={"event_id": EVENT_ID}
    )
    assert answer.status == 200
    body: dict[str, Any] = answer.body
    return body


async def set_policy(platform: Running, **policy: object) -> None:
    answer = await platform.ask(
        "PUT", "queue", f"/api/queue/{EVENT_ID}/policy", token=platform.admin, json=policy
    )
    assert answer.status == 200
