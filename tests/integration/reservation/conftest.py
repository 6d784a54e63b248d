"""The reservation core over a real PostgreSQL and Valkey, with a clock and a catalogue one can set."""

from collections.abc import AsyncIterator

import pytest

from tests.engines import Database as TestDatabase
from tests.integration.reservation.box_office import BoxOffice, opened
from tiketi_platform.runtime.engines.valkey import ValkeyServer


@pytest.fixture
async def office(postgres: TestDatabase, valkey: ValkeyServer) -> AsyncIterator[BoxOffice]:
    async with opened(postgres, valkey) as office:
        yield office
