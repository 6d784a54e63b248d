"""A payment schema with an outbox, a reservation schema with an inbox, and a bus between them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.engines import Database as EngineDatabase
from tests.integration.bus.running import running
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.redis import RedisClient
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.consumer import Consumer, Handler
from tiketi_platform.runtime.engines.valkey import ValkeyServer

Consume = Callable[..., Any]


@pytest.fixture
async def payment(postgres: EngineDatabase) -> AsyncIterator[Database]:
    database = await Database.connect(postgres.dsn("payment"), "payment")
    yield database
    await database.close(timeout_ms=500)


@pytest.fixture
async def reservation(postgres: EngineDatabase) -> AsyncIterator[Database]:
    database = await Database.connect(postgres.dsn("reservation"), "reservation")
    await database.execute("CREATE TABLE effects (n int)")
    yield database
    await database.close(timeout_ms=500)


@pytest.fixture
async def bus(valkey: ValkeyServer) -> AsyncIterator[StreamBus]:
    async with await RedisClient.connect(valkey.url) as client:
        yield StreamBus(client)


@pytest.fixture
def consume(bus: StreamBus, valkey: ValkeyServer) -> Consume:
    """`async with consume(handler, **options) as consumer:` on payment's stream, impatient."""

    @asynccontextmanager
    async def _consume(handler: Handler, **options: Any) -> AsyncIterator[Consumer]:
        settings: dict[str, Any] = {
            "group": "reservation",
            "name": "r1",
            "services": ("payment",),
            "block_ms": 20,
            "retry_ms_min": 10,
            "retry_ms_max": 40,
            "abandoned_ms": 100,
        }
        consumer = Consumer(bus, valkey.url, handler=handler, **{**settings, **options})
        async with running(consumer):
            yield consumer

    return _consume


@pytest.fixture
def publish(bus: StreamBus) -> Callable[[int], Awaitable[list[Message]]]:
    """Puts numbered messages on payment's stream."""

    async def _publish(count: int) -> list[Message]:
        messages = [message(n) for n in range(count)]
        await bus.publish("payment", messages)
        return messages

    return _publish


def message(number: int) -> Message:
    """One with its number as payload and a fixed id."""
    message_id = MessageId(f"01890000-0000-7000-8000-{number:012x}")
    return Message(message_id, "payment.completed", {"n": number}, 1_700_000_000_000, "req-1")
