"""The real client against the real sandbox over HTTP: what these tests stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY
from tiketi_platform.sandbox.toss.server import TossSandbox, running_toss_sandbox


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[TossSandbox]:
    async with running_toss_sandbox(data_dir=tmp_path, port=0) as running:
        yield running


@pytest.fixture
async def gateway(sandbox: TossSandbox) -> AsyncIterator[TossGateway]:
    settings = TossSettings(TOSS_SECRET_KEY, base_url=sandbox.url, total_timeout_s=0.3)
    async with TossGateway(settings) as opened:
        yield opened
