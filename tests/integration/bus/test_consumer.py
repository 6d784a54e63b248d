"""Consumers: nothing lost, poison put aside, the abandoned claimed, outages waited out."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.integration.bus.running import until
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis import RedisClient, keys
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.replies import integer


def number(message: Message) -> int:
    value = message.payload["n"]
    assert isinstance(value, int)
    return value


class Sink:
    """A handler that remembers, and fails as told."""

    def __init__(self, *, poison: int | None = None) -> None:
        self.numbers: list[int] = []
        self.poison = poison
        self.tries_count = 0
        self.outages_left = 0

    async def __call__(self, messages: Sequence[Message]) -> None:
        self.tries_count += 1
        if self.outages_left:
            self.outages_left -= 1
            raise UnavailableError
        numbers = [number(each) for each in messages]
        if self.poison in numbers:
            raise ValueError("it is poison")
        self.numbers += numbers


async def _settled(bus: StreamBus) -> bool:
    (backlog,) = await bus.backlog("reservation", ("payment",))
    return backlog.waiting_count == backlog.pending_count == 0


async def test_messages_arrive_whole_and_in_order(publish, consume, bus: StreamBus):
    sent = await publish(500)
    got: list[Message] = []

    async def handler(messages: Sequence[Message]) -> None:
        got.extend(messages)

    async with consume(handler, batch_max=64):
        await until(lambda: len(got) == 500)
    assert got == sent
    assert await _settled(bus)


async def test_poison_goes_to_the_dead_letters_and_stops_nobody(publish, consume, bus: StreamBus):
    sent = await publish(10)
    sink = Sink(poison=4)
    async with consume(sink, attempts_max=3) as consumer:
        await until(lambda: consumer.buried_count == 1)
    assert sorted(sink.numbers) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    (dead,) = await bus.dead_letters("payment", "reservation")
    assert dead.message == sent[4]
    assert dead.attempts_count == 3
    assert dead.reason == "ValueError('it is poison')"
    (backlog,) = await bus.backlog("reservation", ("payment",))
    assert (backlog.waiting_count, backlog.pending_count, backlog.dead_count) == (0, 0, 1)


async def test_an_entry_that_is_no_message_is_put_aside(publish, consume, bus: StreamBus):
    await bus.client.execute("XADD", keys.messages("payment"), "*", "what", "ever")
    await publish(1)
    sink = Sink()
    async with consume(sink) as consumer:
        await until(lambda: len(sink.numbers) == 1 and consumer.buried_count == 1)
    (dead,) = await bus.dead_letters("payment", "reservation")
    assert dead.message is None


async def test_an_outage_behind_the_handler_costs_no_attempt(publish, consume, bus: StreamBus):
    await publish(3)
    sink = Sink()
    sink.outages_left = 8
    async with consume(sink, attempts_max=2) as consumer:
        await until(lambda: len(sink.numbers) == 3)
        assert consumer.buried_count == 0
    assert sink.numbers == [0, 1, 2]


async def test_two_consumers_share_the_work(publish, consume):
    await publish(200)
    first, second = Sink(), Sink()
    async with consume(first, batch_max=10), consume(second, batch_max=10, name="r2"):
        await until(lambda: len(first.numbers) + len(second.numbers) == 200)
    assert sorted(first.numbers + second.numbers) == list(range(200))


async def test_what_a_dead_consumer_left_is_claimed(publish, consume, bus: StreamBus):
    await publish(5)
    await bus.ensure_group("payment", "reservation")
    read = ("XREADGROUP", "GROUP", "reservation", "gone", "STREAMS", keys.messages("payment"), ">")
    await bus.client.execute(*read)
    sink = Sink()
    async with consume(sink):
        await until(lambda: len(sink.numbers) == 5)
    assert await _settled(bus)


async def test_a_restart_under_the_same_name_takes_up_its_own(publish, consume, bus: StreamBus):
    await publish(5)
    await bus.ensure_group("payment", "reservation")
    read = ("XREADGROUP", "GROUP", "reservation", "r1", "STREAMS", keys.messages("payment"), ">")
    await bus.client.execute(*read)
    sink = Sink()
    async with consume(sink, abandoned_ms=3_600_000):
        await until(lambda: len(sink.numbers) == 5)


async def test_a_stopped_consumer_finishes_its_batch(publish, consume, bus: StreamBus):
    await publish(3)
    entered, go_on = asyncio.Event(), asyncio.Event()
    finished: list[int] = []

    async def handler(messages: Sequence[Message]) -> None:
        entered.set()
        await go_on.wait()
        finished.append(len(messages))

    async with consume(handler) as consumer:
        await entered.wait()
        consumer.stop()
        go_on.set()
    assert finished == [3]
    assert await _settled(bus)


async def test_an_emptied_redis_gets_its_groups_again(publish, consume, bus: StreamBus):
    sink = Sink()
    async with consume(sink):
        await publish(1)
        await until(lambda: len(sink.numbers) == 1)
        await bus.client.execute("FLUSHALL")
        await publish(1)
        await until(lambda: len(sink.numbers) == 2)


async def test_trimming_keeps_what_a_group_still_needs(publish, consume, bus: StreamBus):
    await publish(500)
    both = ("reservation", "notification")
    async with consume(Sink()) as consumer:
        await until(lambda: consumer.applied_count == 500)
    await bus.trim("payment", both)
    assert await _length(bus.client) == 500
    async with consume(Sink(), group="notification", batch_max=100) as consumer:
        await until(lambda: consumer.applied_count == 500)
    await bus.trim("payment", both)
    assert await _length(bus.client) <= 100


async def test_a_full_stream_refuses_whole_batches(bus: StreamBus, publish):
    small = StreamBus(bus.client, stream_length_max=5)
    messages = await publish(3)
    with pytest.raises(UnavailableError, match="full"):
        await small.publish("payment", messages)
    assert await _length(bus.client) == 3
    await small.publish("payment", messages[:2])


async def test_a_group_that_was_never_made_counts_everything_as_waiting(publish, bus: StreamBus):
    await publish(3)
    (backlog,) = await bus.backlog("reservation", ("payment",))
    assert (backlog.waiting_count, backlog.pending_count, backlog.dead_count) == (3, 0, 0)


async def _length(client: RedisClient) -> int:
    return integer(await client.execute("XLEN", keys.messages("payment")))
