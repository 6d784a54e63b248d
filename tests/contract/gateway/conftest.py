"""The real client against the real sandbox over HTTP: what these tests stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY
from tiketi_platform.sandbox.toss.server import TossSandbox, running_toss_sandbox
from tiketi_platform.sandbox.toss.tokens import SLOW_MS


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[TossSandbox]:
    async with running_toss_sandbox(data_dir=tmp_path, port=0) as running:
        yield running


@pytest.fixture
async def gateway(sandbox: TossSandbox) -> AsyncIterator[TossGateway]:
    """As patient as the test: a busy machine must not look like a lost answer."""
    settings = TossSettings(
        TOSS_SECRET_KEY,
        base_url=sandbox.url,
        connect_timeout_s=PATIENCE_S,
        total_timeout_s=PATIENCE_S,
    )
    async with TossGateway(settings) as opened:
        yield opened


@pytest.fixture
async def impatient(sandbox: TossSandbox) -> AsyncIterator[TossGateway]:
    """Stops waiting for an answer before a slow card is through."""
    settings = TossSettings(TOSS_SECRET_KEY, base_url=sandbox.url, total_timeout_s=SLOW_MS / 2_000)
    async with TossGateway(settings) as opened:
        yield opened
