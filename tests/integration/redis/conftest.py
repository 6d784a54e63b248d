"""A Valkey to break, a proxy in front of it, and clients that are closed at the end of the test."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.redis.breaking import (
    Connect,
    Proxy,
    breakable_server,
    connecting,
    proxied,
)
from tiketi_platform.runtime.engines.valkey import ValkeyServer


@pytest.fixture
async def server() -> AsyncIterator[ValkeyServer]:
    """A running Valkey of the test's own, which it may kill; `valkey` is everybody's."""
    async with breakable_server() as running:
        yield running


@pytest.fixture
async def proxy(server: ValkeyServer) -> AsyncIterator[Proxy]:
    async with proxied(server) as between:
        yield between


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with connecting() as connects:
        yield connects
