"""The notification service, running."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines import Database
from tests.integration.notification.stage import Stage
from tests.services import running
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.mailbox.server import running_mailbox


@pytest.fixture
async def stage(postgres: Database, valkey: ValkeyServer, tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "mail").mkdir()
    async with running_mailbox(data_dir=tmp_path / "mail", smtp_port=0, http_port=0) as mailbox:
        smtp_url = f"smtp://127.0.0.1:{mailbox.smtp_port}"
        async with running(
            postgres,
            valkey,
            tmp_path,
            "auth",
            "notification",
            smtp_url=smtp_url,
            push_url=mailbox.url,
            sms_url=mailbox.url,
        ) as platform:
            client = await RedisClient.connect(valkey.url)
            yield Stage(platform, mailbox, StreamBus(client))
            await client.close()
