"""Relay: everything committed gets out, in order, once applied whatever crashes on the way."""

from collections.abc import Sequence

import pytest

from tests.engines import Database as EngineDatabase
from tests.engines import engine_folder
from tests.integration.bus.running import running, until
from tiketi_core.kernel.errors import NotFoundError, UnavailableError
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres import outbox, unit_of_work
from tiketi_platform.adapters.postgres.inbox import apply_once, applying, prune
from tiketi_platform.adapters.postgres.outbox import Relay, count_outbox
from tiketi_platform.adapters.postgres.pool import Connection, Database
from tiketi_platform.adapters.redis import RedisClient, keys
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.consumer import Consumer
from tiketi_platform.adapters.redis.replies import integer
from tiketi_platform.runtime.engines.valkey import ValkeyServer

_PUBLISH = "SELECT publish('payment.completed', jsonb_build_object('n', $1::int), 'req-1')"


class Wire:
    """A publisher that remembers; it may fail, before or after it has sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refusals_left = 0
        self.crashes_left = 0

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        assert service == "payment"
        if self.refusals_left:
            self.refusals_left -= 1
            raise UnavailableError
        self.messages += messages
        if self.crashes_left:
            self.crashes_left -= 1
            raise UnavailableError

    async def trim(self, service: str, groups: Sequence[str]) -> None:
        """Nothing to drop."""

    @property
    def numbers(self) -> list[object]:
        return [each.payload["n"] for each in self.messages]


def _relay(postgres: EngineDatabase, wire: "Wire | StreamBus", **options: int) -> Relay:
    return Relay(postgres.dsn("payment"), "payment", wire, groups=("reservation",), **options)


async def _empty(database: Database) -> bool:
    return await count_outbox(database) == 0


async def test_messages_keep_their_order_id_and_request(
    postgres: EngineDatabase, payment: Database
):
    wire = Wire()
    async with running(_relay(postgres, wire, batch_max=7)):
        ids = [str(await payment.fetchval(_PUBLISH, n)) for n in range(50)]
        await until(lambda: len(wire.messages) == 50)
    assert wire.numbers == list(range(50))
    assert [each.id for each in wire.messages] == ids
    assert {(each.name, each.request_id) for each in wire.messages} == {
        ("payment.completed", "req-1")
    }
    assert await _empty(payment)


async def test_an_open_transaction_with_a_lower_number_is_not_lost(
    postgres: EngineDatabase, payment: Database
):
    wire = Wire()
    async with running(_relay(postgres, wire)):
        async with payment.transaction() as connection:
            await connection.execute(_PUBLISH, 1)
            await payment.execute(_PUBLISH, 2)
            await until(lambda: wire.numbers == [2])
        await until(lambda: wire.numbers == [2, 1])


async def test_a_rolled_back_change_says_nothing(postgres: EngineDatabase, payment: Database):
    wire = Wire()

    async def fail(connection: Connection) -> None:
        await connection.execute(_PUBLISH, 1)
        await connection.execute("SELECT refuse('not_found')")

    async with running(_relay(postgres, wire)):
        with pytest.raises(NotFoundError):
            await unit_of_work.run(payment, fail)
        await payment.execute(_PUBLISH, 2)
        await until(lambda: len(wire.messages) > 0)
    assert wire.numbers == [2]


async def test_a_sleeping_relay_is_woken_by_a_commit(
    postgres: EngineDatabase, payment: Database, monkeypatch: pytest.MonkeyPatch
):
    # It would not look by itself while the test lasts, so what wakes it is the notification.
    monkeypatch.setattr(outbox, "sleep_ms_max", 3_600_000)
    wire = Wire()
    async with running(_relay(postgres, wire)):
        await payment.execute("UPDATE outbox_relay SET asleep = false")
        asleep = "SELECT asleep FROM outbox_relay"
        await until(lambda: payment.fetchval(asleep))
        await payment.execute(_PUBLISH, 1)
        await until(lambda: len(wire.messages) == 1)


async def test_of_two_relays_one_works_and_the_other_takes_over(
    postgres: EngineDatabase, payment: Database
):
    wire = Wire()
    first, second = _relay(postgres, wire), _relay(postgres, wire)
    async with running(second):
        async with running(first):
            for n in range(20):
                await payment.execute(_PUBLISH, n)
            await until(lambda: len(wire.messages) == 20)
            assert 0 in {first.relayed_count, second.relayed_count}
        await payment.execute(_PUBLISH, 20)
        await until(lambda: len(wire.messages) == 21)
    assert wire.numbers == list(range(21))


async def test_a_bus_that_refuses_is_tried_again(postgres: EngineDatabase, payment: Database):
    wire = Wire()
    wire.refusals_left = 3
    async with running(_relay(postgres, wire)):
        await payment.execute(_PUBLISH, 1)
        await until(lambda: wire.numbers == [1])


async def test_a_lost_database_connection_is_replaced(postgres: EngineDatabase, payment: Database):
    wire = Wire()
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'tiketi-payment-relay'"
    )
    async with running(_relay(postgres, wire)):
        await payment.execute(_PUBLISH, 1)
        await until(lambda: _empty(payment))
        assert await payment.fetchval(terminate)
        await payment.execute(_PUBLISH, 2)
        await until(lambda: wire.numbers == [1, 2])


async def _effect(connection: Connection, message: Message) -> None:
    await connection.execute("INSERT INTO effects VALUES ($1)", message.payload["n"])


async def test_sent_twice_applied_once(
    postgres: EngineDatabase,
    payment: Database,
    reservation: Database,
    bus: StreamBus,
    consume,
):
    class CrashingBus(StreamBus):
        """Loses its answer after the first batch was written."""

        crashes_left = 1

        async def publish(self, service: str, messages: Sequence[Message]) -> None:
            await super().publish(service, messages)
            if self.crashes_left:
                self.crashes_left -= 1
                raise UnavailableError

    crashing = CrashingBus(bus.client)
    for n in range(20):
        await payment.execute(_PUBLISH, n)
    async with running(_relay(postgres, crashing)):
        await until(lambda: _empty(payment))
    assert integer(await bus.client.execute("XLEN", keys.messages("payment"))) == 40
    handler = applying(reservation, "reservation", _effect)
    async with consume(handler, batch_max=15) as consumer:
        await until(lambda: consumer.applied_count == 40)
    rows = await reservation.fetch("SELECT n FROM effects ORDER BY n")
    assert [row["n"] for row in rows] == list(range(20))


async def test_a_failed_batch_leaves_neither_effects_nor_marks(
    reservation: Database, publish, consume, bus: StreamBus
):
    await publish(5)

    async def fragile(connection: Connection, message: Message) -> None:
        await _effect(connection, message)
        if message.payload["n"] == 3:
            await connection.execute("SELECT 1 / 0")

    handler = applying(reservation, "reservation", fragile)
    async with consume(handler, attempts_max=2) as consumer:
        await until(lambda: consumer.buried_count == 1)
    rows = await reservation.fetch("SELECT n FROM effects ORDER BY n")
    assert [row["n"] for row in rows] == [0, 1, 2, 4]
    assert await reservation.fetchval("SELECT count(*) FROM inbox") == 4


async def test_old_marks_are_forgotten_and_young_ones_kept(reservation: Database):
    async with reservation.transaction() as connection:
        for age in ("8 days", "6 days"):
            old = await connection.fetchval("SELECT uuidv7(-$1::text::interval)", age)
            assert await apply_once(connection, str(old), "reservation")
            assert not await apply_once(connection, str(old), "reservation")
    assert await prune(reservation) == 1
    assert await prune(reservation) == 0


async def test_a_redis_restart_loses_and_doubles_nothing(
    postgres: EngineDatabase, payment: Database, reservation: Database
):
    with engine_folder() as folder:
        server = ValkeyServer(folder)
        await server.start()
        try:
            async with await RedisClient.connect(server.url) as client:
                bus = StreamBus(client)
                consumer = Consumer(
                    bus,
                    server.url,
                    group="reservation",
                    name="r1",
                    services=("payment",),
                    handler=applying(reservation, "reservation", _effect),
                    retry_ms_min=20,
                    retry_ms_max=100,
                )
                async with running(_relay(postgres, bus), consumer):
                    for n in range(30):
                        await payment.execute(_PUBLISH, n)
                        if n == 10:
                            await server.stop()
                        if n == 20:
                            await server.start()
                    count = "SELECT count(*) = 30 AND count(DISTINCT n) = 30 FROM effects"
                    await until(lambda: reservation.fetchval(count))
        finally:
            await server.stop()
