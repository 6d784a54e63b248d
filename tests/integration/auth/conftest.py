"""The auth service over real HTTP and a real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.engines import Database
from tests.services import Running, running
from tiketi_platform.runtime.engines.valkey import ValkeyServer


@pytest.fixture
async def auth(postgres: Database, valkey: ValkeyServer, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(postgres, valkey, tmp_path, "auth") as served:
        yield served


@pytest.fixture
async def tables(postgres: Database, auth: Running) -> AsyncIterator[asyncpg.Connection]:
    """The service's own tables, to look at and to make time pass in."""
    connection = await asyncpg.connect(postgres.dsn("auth"))
    yield connection
    await connection.close()
