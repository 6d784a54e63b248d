"""kill -9 of a consumer of SQS in mid-batch: every message is written down, and none of them twice."""

import asyncio
from collections import Counter

import pytest

from tests.doomed import dies
from tests.engines import Database
from tests.integration.aws.doomed_consumer import PREFIX, consumer
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.bus import SnsBus
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.postgres.notification.deliveries import PostgresDeliveries
from tiketi_platform.adapters.postgres.pool import Database as Pool

MESSAGES_COUNT = 60


async def die_at(step: str, dsn: str, endpoint: str) -> None:
    await dies(
        "tests.integration.aws.doomed_consumer",
        *(dsn, endpoint, step),
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
    )


@pytest.mark.parametrize("step", ["record:before", "record:after"])
async def test_killed_in_mid_batch_each_message_is_one_delivery(
    step: str, moto: str, clients: AwsClients, postgres: Database
) -> None:
    bus = SnsBus(clients, prefix=PREFIX)
    # The relay does this before it says anything: what nobody subscribes to is dropped.
    await bus.trim("payment", ("notification",))
    await bus.publish(
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
    dsn = postgres.dsn("notification")
    await die_at(step, dsn, moto)
    pool = await Pool.connect(dsn, "notification")
    deliveries = PostgresDeliveries(pool)
    before = await deliveries.export(above_id=0, limit=1_000)
    assert 0 < len(before) < MESSAGES_COUNT, "it died in the middle"
    ours = consumer(clients, deliveries)
    hearing = asyncio.create_task(ours.run())

    async def all_done() -> bool:
        (backlog,) = await bus.backlog("notification")
        rows = await deliveries.export(above_id=0, limit=1_000)
        left_count = backlog.waiting_count + backlog.pending_count + backlog.dead_count
        return len(rows) == MESSAGES_COUNT and left_count == 0

    try:
        await until(all_done)
    finally:
        ours.stop()
        await hearing
    rows = await deliveries.export(above_id=0, limit=1_000)
    told = Counter(row["message_id"] for row in rows)
    assert told == Counter(f"m-{number}" for number in range(1, MESSAGES_COUNT + 1))
    await pool.close()
