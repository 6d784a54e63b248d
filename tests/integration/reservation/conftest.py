"""The reservation core over a real PostgreSQL and Valkey, with a clock and a catalogue one can set."""

from collections.abc import AsyncIterator

import pytest

from tests.engines import Database as TestDatabase
from tests.engines import Databases, run_apart
from tests.integration.reservation.box_office import BoxOffice, opened
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.runtime.engines.valkey import ValkeyServer


async def _migrated(database: TestDatabase) -> None:
    await migrate(database.dsn("reservation"), "reservation")


@pytest.fixture
def reservation_postgres(databases: Databases):
    template = run_apart(databases.template("template_reservation", _migrated))
    database = run_apart(databases.create(template))
    yield database
    run_apart(databases.drop(database))


@pytest.fixture
async def office(
    reservation_postgres: TestDatabase, valkey: ValkeyServer
) -> AsyncIterator[BoxOffice]:
    async with opened(reservation_postgres, valkey) as office:
        yield office
