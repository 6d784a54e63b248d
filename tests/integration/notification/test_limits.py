"""A user's limits hold over all senders: what another one has under way counts."""

from tests.engines import Database
from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import Notice, Outcome
from tiketi_platform.adapters.postgres.notification.deliveries import PostgresDeliveries
from tiketi_platform.adapters.postgres.pool import Database as Pool

OFFER = {"title": "특가", "body": "오늘만"}


async def test_what_another_sender_has_under_way_counts(postgres: Database) -> None:
    pool = await Pool.connect(postgres.dsn("notification"), "notification")
    one, two = PostgresDeliveries(pool), PostgresDeliveries(pool)
    notices = [
        Notice(f"m-{n}", "manual", UserId(7), "특가", OFFER, None, category="marketing")
        for n in range(4)
    ]
    assert await one.record(notices, ("email",)) == len(notices)
    (first,) = await one.claim("email", 1)
    (second,) = await two.claim("email", 1)
    assert (first.wishes.recent_count, second.wishes.recent_count) == (0, 1)
    later = Outcome(first.id, first.attempt_count, error="later", retry_after_ms=3_600_000)
    await one.settle([later])
    await two.settle([Outcome(second.id, second.attempt_count)])
    third, fourth = await two.claim("email", 10)
    # One was sent and one was put back; those of one batch are counted by the sender itself.
    assert (third.wishes.recent_count, fourth.wishes.recent_count) == (1, 1)
    await pool.close()
