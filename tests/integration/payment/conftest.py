"""Payment's tables in a real PostgreSQL, the sandbox gateway over HTTP, and a directory one can set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines import Database as OneDatabase
from tests.integration.payment.saga import Clock, Directory, Saga
from tiketi_core.payment.model import Policy
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY
from tiketi_platform.sandbox.toss.server import TossSandbox, running_toss_sandbox


@pytest.fixture
async def database(postgres: OneDatabase) -> AsyncIterator[Database]:
    opened = await Database.connect(postgres.dsn("payment"), "payment")
    yield opened
    await opened.close()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[TossSandbox]:
    async with running_toss_sandbox(data_dir=tmp_path, port=0) as running:
        yield running


@pytest.fixture
async def gateway(sandbox: TossSandbox) -> AsyncIterator[TossGateway]:
    settings = TossSettings(TOSS_SECRET_KEY, base_url=sandbox.url, total_timeout_s=1.5)
    async with TossGateway(settings) as opened:
        yield opened


@pytest.fixture
def saga(database: Database, gateway: TossGateway, sandbox: TossSandbox) -> Saga:
    """The whole payment core over real engines. Leases end at once, so that recovery may follow at once."""
    return Saga(
        database, gateway, sandbox, directory=Directory(), clock=Clock(), policy=Policy(lease_ms=0)
    )
