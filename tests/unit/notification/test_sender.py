"""The sender's judgement of a batch: whose fault a failure is, and whether the provider is down."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

from tiketi_core.kernel.ids import DeliveryId, UserId
from tiketi_core.notification.errors import ProviderDownError
from tiketi_core.notification.model import (
    ChannelName,
    Contact,
    Delivery,
    Language,
    Letter,
    Notice,
    Outcome,
    Words,
)
from tiketi_core.notification.rules import RETRY_MS_MIN
from tiketi_core.notification.use_cases import Sender

NOTICE = Notice("m-1", "points.charged", UserId(7), "", {}, None)


class World:
    """Books with one batch, everybody's address, a channel that fails as it is told."""

    def __init__(self, due: Sequence[Delivery], failures: dict[int, Exception]) -> None:
        self.due = due
        self.failures = failures
        self.settled: dict[int, Outcome] = {}

    async def record(self, _notices: Sequence[Notice], _channels: Sequence[ChannelName]) -> int:
        raise AssertionError("nothing is heard here")

    async def claim(self, _channel: ChannelName, _limit: int) -> Sequence[Delivery]:
        return self.due

    @asynccontextmanager
    async def kept(self, _due: Sequence[Delivery]) -> AsyncIterator[None]:
        yield

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        self.settled = {each.delivery_id: each for each in outcomes}

    async def find(self, user_ids: Sequence[UserId]) -> dict[UserId, Contact]:
        return {each: Contact(each, "sky@tiketi.test", "김하늘") for each in user_ids}

    def subject(self, _notice: Notice, _language: Language) -> str:
        return "제목"

    def words(self, _delivery: Delivery, _contact: Contact) -> Words:
        return Words("제목", "본문", "<p>본문</p>", "한 줄")

    async def send(self, letter: Letter) -> None:
        failure = self.failures.get(letter.delivery.id)
        if failure is not None:
            raise failure

    def now_ms(self) -> int:
        return 0

    def fraction(self) -> float:
        return 0.0


async def together(tries: Sequence[Awaitable[Outcome]]) -> Sequence[Outcome]:
    return await asyncio.gather(*tries)


def sender(world: World) -> Sender:
    return Sender(
        world,
        name="email",
        channel=world,
        contacts=world,
        templates=world,
        clock=world,
        dice=world,
        together=together,
    )


def delivery(number: int, *, is_stale: bool = False) -> Delivery:
    return Delivery(DeliveryId(number), NOTICE, 1, is_stale=is_stale)


async def test_a_fault_of_ours_is_one_deliverys_and_not_its_batchs() -> None:
    world = World([delivery(1), delivery(2)], {1: RuntimeError("as asked")})
    assert await sender(world).send_due(10) == 2
    assert world.settled[2].error is None
    failed = world.settled[1]
    assert "as asked" in (failed.error or "")
    assert failed.is_counted, "or it would be tried for ever"
    assert failed.retry_after_ms is not None


async def test_what_is_not_wanted_says_nothing_of_the_provider() -> None:
    world = World([delivery(1, is_stale=True), delivery(2)], {2: ProviderDownError("down")})
    ours = sender(world)
    pauses = []
    for _ in range(3):
        assert await ours.send_due(10) == 0, "it is to be left alone"
        assert world.settled[1].is_unwanted
        pauses.append(world.settled[2].retry_after_ms)
    assert pauses == [RETRY_MS_MIN, 2 * RETRY_MS_MIN, 4 * RETRY_MS_MIN]
