"""The reservation core and its service over a real PostgreSQL and Valkey, with what a test may set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines import Database as TestDatabase
from tests.integration.reservation.box_office import BoxOffice, opened
from tests.integration.reservation.house import House, opened_house
from tiketi_platform.runtime.engines.valkey import ValkeyServer


@pytest.fixture
async def office(postgres: TestDatabase, valkey: ValkeyServer) -> AsyncIterator[BoxOffice]:
    async with opened(postgres, valkey) as office:
        yield office


@pytest.fixture
async def house(
    postgres: TestDatabase, valkey: ValkeyServer, tmp_path: Path
) -> AsyncIterator[House]:
    async with opened_house(postgres, valkey, tmp_path) as house:
        house.event_id = await house.announce()
        assert (await house.generate("small_theater")).status == 201
        yield house
