"""A mail server that is down: what is to be said waits, nothing counts against it, and all of it arrives later."""

import asyncio
from pathlib import Path

from tests.engines import Database
from tests.integration.notification.crew import crew
from tests.integration.notification.test_crashes import MESSAGES_COUNT, publish, read
from tests.waiting import until
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.runtime.engines.ports import free_port
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.mailbox.server import running_mailbox


async def test_the_queue_grows_while_the_server_is_down_and_nothing_is_lost(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    dsn, port = postgres.dsn("notification"), free_port()
    await migrate(dsn, "notification")
    await publish(valkey)
    async with crew(dsn, valkey.url, port) as ours:
        done = asyncio.Event()
        consuming = asyncio.create_task(ours.consumer.run())
        sending = asyncio.create_task(ours.send_until(done))

        async def all_wait_and_were_tried() -> bool:
            rows = await ours.deliveries.page(below_id=2**60, user_id=None, status=None, limit=500)
            return len(rows) == MESSAGES_COUNT and all(row["error"] for row in rows)

        await until(all_wait_and_were_tried, timeout_s=60)
        rows = await ours.deliveries.page(below_id=2**60, user_id=None, status=None, limit=500)
        assert {row["status"] for row in rows} == {"PENDING"}
        assert max(row["attempt_count"] for row in rows) <= 1, "only a try under way is counted"
        assert ours.consumer.applied_count == MESSAGES_COUNT, "the stream noticed nothing"
        async with running_mailbox(data_dir=tmp_path, smtp_port=port, http_port=0) as mailbox:

            async def all_arrived() -> bool:
                return len(read(mailbox)) == MESSAGES_COUNT

            await until(all_arrived, timeout_s=90)
            ours.consumer.stop()
            done.set()
            await asyncio.gather(consuming, sending)
            assert mailbox.store.duplicates_count == 0
