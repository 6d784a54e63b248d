"""The event service over real HTTP and a real PostgreSQL, with auth beside it for its keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines import Database
from tests.services import Running, running
from tiketi_platform.runtime.engines.valkey import ValkeyServer


@pytest.fixture
async def events(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> AsyncIterator[Running]:
    async with running(postgres, valkey, tmp_path, "auth", "event") as served:
        yield served
