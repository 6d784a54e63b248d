"""kill -9 of the consumer in mid-batch, at each step: every mail arrives, and nobody reads one twice."""

import asyncio
from pathlib import Path

import pytest

from tests.doomed import dies
from tests.engines import Database
from tests.integration.notification.crew import BATCH_MAX, crew
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.mailbox.server import Mailbox, running_mailbox

MESSAGES_COUNT = 120
STEPS = (
    "record:before",
    "record:after",
    "claim:after",
    "send:before",
    "send:after",
    "settle:before",
    "settle:after",
)


async def publish(valkey: ValkeyServer) -> None:
    client = await RedisClient.connect(valkey.url)
    await StreamBus(client).publish(
        "payment",
        [
            Message(
                MessageId(f"m-{number}"),
                "points.charged",
                {"payment_id": number, "user_id": number, "amount": 1_000, "balance": 2_000},
                1,
                "req-1",
            )
            for number in range(1, MESSAGES_COUNT + 1)
        ],
    )
    await client.close()


def read(mailbox: Mailbox) -> list[tuple[str, str]]:
    """Recipient and Message-ID of every mail that was kept."""
    found = mailbox.store.after(0, limit=10_000)
    return [(mail.recipients[0], mail.message_id) for mail in found]


@pytest.mark.parametrize("step", STEPS)
async def test_killed_in_mid_batch_nothing_is_lost_and_nothing_read_twice(
    step: str, postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    dsn = postgres.dsn("notification")
    await migrate(dsn, "notification")
    await publish(valkey)
    async with running_mailbox(data_dir=tmp_path, smtp_port=0, http_port=0) as mailbox:
        await dies(
            "tests.integration.notification.crew", dsn, valkey.url, str(mailbox.smtp_port), step
        )
        async with crew(dsn, valkey.url, mailbox.smtp_port) as ours:
            done = asyncio.Event()
            consuming = asyncio.create_task(ours.consumer.run())
            sending = asyncio.create_task(ours.send_until(done))

            async def all_sent() -> bool:
                rows = await ours.deliveries.export(above_id=0, limit=10_000)
                return len(rows) == MESSAGES_COUNT and all(row["status"] == "SENT" for row in rows)

            await until(all_sent, timeout_s=60)
            ours.consumer.stop()
            done.set()
            await asyncio.gather(consuming, sending)
        mails = read(mailbox)
        assert {to for to, _ in mails} == {
            f"user{number}@tiketi.test" for number in range(1, MESSAGES_COUNT + 1)
        }
        assert len(mails) == MESSAGES_COUNT, "nobody reads one twice"
        # What was handed over and not written down is handed over again, under its own Message-ID.
        assert mailbox.store.duplicates_count <= BATCH_MAX
        if step in {"record:before", "record:after", "claim:after", "settle:after"}:
            assert len({message_id for _, message_id in mails}) == MESSAGES_COUNT
