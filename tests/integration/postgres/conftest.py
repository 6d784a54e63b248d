"""A migrated schema and a pool on it; `auth` stands for any service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.engines import Database as EngineDatabase
from tiketi_platform.adapters.postgres.migrate import SHARED_PARTS, migrate
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import SQL_FOLDER

Connect = Callable[..., Awaitable[Database]]


@pytest.fixture
def shared_only(tmp_path):
    """A folder of SQL with the shared parts and no slice."""
    for part in SHARED_PARTS:
        (tmp_path / part).symlink_to(SQL_FOLDER / part)
    return tmp_path


@pytest.fixture
def postgres(bare_postgres: EngineDatabase) -> EngineDatabase:
    """Without tables: making them is what is tried here."""
    return bare_postgres


@pytest.fixture
async def schema(postgres: EngineDatabase, shared_only) -> EngineDatabase:
    """The schema `auth` with the shared tables."""
    await migrate(postgres.dsn("auth"), "auth", folder=shared_only)
    return postgres


@pytest.fixture
async def connect(schema: EngineDatabase) -> AsyncIterator[Connect]:
    """Opens pools on the schema `auth` and closes them."""
    opened: list[Database] = []

    async def _connect(**options: Any) -> Database:
        opened.append(await Database.connect(schema.dsn("auth"), "auth", **options))
        return opened[-1]

    yield _connect
    for database in opened:
        await database.close(timeout_ms=500)


@pytest.fixture
async def database(connect: Connect) -> Database:
    return await connect()
