"""SNS, SQS and SES through our adapters, against moto as a process of its own."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.waiting import until
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import DeliveryId, MessageId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.notification.errors import RefusedError
from tiketi_core.notification.model import Contact, Delivery, Letter, Notice, Words
from tiketi_platform.adapters.aws.bus import SnsBus, dead_name, encode, ensure_queue
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.aws.consumer import SqsConsumer
from tiketi_platform.adapters.aws.dead_letters import SOURCE, SqsDeadLetters
from tiketi_platform.adapters.aws.ses import SesChannel
from tiketi_platform.adapters.aws.sms import SnsSmsChannel

PATIENCE_S = 60.0


def message(number: int) -> Message:
    payload = {"payment_id": number, "user_id": number, "말": "안녕"}
    return Message(MessageId(f"m-{number}"), "points.charged", payload, number, "req-1")


class Heard:
    """A handler that fails as it is told."""

    def __init__(self, poison: Sequence[str] = (), outages_count: int = 0) -> None:
        self.applied: dict[str, int] = {}
        self.last: Message | None = None
        self._poison = set(poison)
        self._outages_count = outages_count

    async def __call__(self, messages: Sequence[Message]) -> None:
        if self._outages_count:
            self._outages_count -= 1
            raise UnavailableError("the books are closed")
        if any(each.id in self._poison for each in messages):
            raise ValueError("as asked")
        for each in messages:
            self.applied[each.id] = self.applied.get(each.id, 0) + 1
            self.last = each


def consumer(clients: AwsClients, group: str, heard: Heard) -> SqsConsumer:
    return SqsConsumer(
        clients,
        prefix="test",
        group=group,
        services=("payment",),
        handler=heard,
        wait_s=1,
        retry_s_min=0,
    )


async def run_until(readers: Sequence[SqsConsumer], done) -> None:
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    try:
        await until(done, timeout_s=PATIENCE_S)
    finally:
        for reader in readers:
            reader.stop()
        await asyncio.gather(*tasks)


async def test_every_listener_gets_every_message(clients: AwsClients) -> None:
    bus = SnsBus(clients, prefix="test")
    heard = {"notification": Heard(outages_count=1), "reservation": Heard()}
    for group in heard:
        await ensure_queue(clients, "test", group, services=("payment",))
        await ensure_queue(clients, "test", group, services=("payment",))
    await bus.publish("payment", [message(number) for number in range(25)])

    async def all_heard() -> bool:
        return all(len(each.applied) == 25 for each in heard.values())

    await run_until([consumer(clients, group, each) for group, each in heard.items()], all_heard)
    found = heard["notification"].last
    assert found is not None
    assert found == message(int(found.id.removeprefix("m-")))
    (backlog,) = await bus.backlog("notification")
    assert (backlog.waiting_count, backlog.dead_count) == (0, 0)


async def test_what_is_worked_on_stays_hidden_from_others(clients: AwsClients) -> None:
    """A handler slower than the visibility: the batch is kept ours by asking again and again."""
    bus, heard, kept = SnsBus(clients, prefix="test"), Heard(), asyncio.Semaphore(0)
    await ensure_queue(clients, "test", "notification", services=("payment",))
    await bus.publish("payment", [message(1)])
    sqs = await clients.get("sqs")

    def keep(parsed: dict[str, Any], **_: object) -> None:
        if len(parsed.get("Successful", [])) == 1:
            kept.release()

    sqs.meta.events.register("after-call.sqs.ChangeMessageVisibilityBatch", keep)

    async def slow(messages: Sequence[Message]) -> None:
        for _ in range(4):  # each a third of the visibility after the one before
            await kept.acquire()
        await heard(messages)

    reader = SqsConsumer(
        clients,
        prefix="test",
        group="notification",
        services=("payment",),
        handler=slow,
        visibility_s=1,
        wait_s=1,
    )

    async def applied() -> bool:
        (backlog,) = await bus.backlog("notification")
        return reader.applied_count > 0 and backlog.waiting_count == 0

    await run_until([reader], applied)
    assert set(heard.applied) == {"m-1"}


async def test_poison_goes_to_the_dead_letters_and_stops_nobody(clients: AwsClients) -> None:
    bus, heard = SnsBus(clients, prefix="test"), Heard(poison=["m-3"])
    url, _ = await ensure_queue(clients, "test", "notification", services=("payment",))
    await bus.publish("payment", [message(number) for number in range(8)])
    sqs = await clients.get("sqs")
    await sqs.send_message(QueueUrl=url, MessageBody="this is no message")

    async def all_told_and_two_dead() -> bool:
        (backlog,) = await bus.backlog("notification")
        return len(heard.applied) == 7 and backlog.dead_count == 2

    await run_until([consumer(clients, "notification", heard)], all_told_and_two_dead)
    assert "m-3" not in heard.applied


async def test_a_named_dead_letter_is_looked_for_no_longer_than_until_it_is_found(
    clients: AwsClients,
) -> None:
    await ensure_queue(clients, "test", "notification", services=("payment",))
    sqs = await clients.get("sqs")
    url = (await sqs.get_queue_url(QueueName=dead_name("test", "notification")))["QueueUrl"]
    for number in range(40):
        await sqs.send_message(QueueUrl=url, MessageBody=encode(message(number)))
    dead, received_count = SqsDeadLetters(clients, prefix="test"), 0

    def count(**_: object) -> None:
        nonlocal received_count
        received_count += 1

    (first,) = await dead.dead_letters(SOURCE, "notification", limit=1)
    sqs.meta.events.register("before-call.sqs.ReceiveMessage", count)
    assert await dead.find_dead(SOURCE, "notification", [first.id]) == [first]
    assert received_count < 4
    assert len(await dead.dead_letters(SOURCE, "notification", limit=100)) == 40
    assert received_count >= 4, "else nobody counts"


async def test_a_bus_that_does_not_answer_is_unavailable(moto: str) -> None:
    nowhere = AwsClients("ap-northeast-2", endpoint_url="http://127.0.0.1:1")
    with pytest.raises(UnavailableError):
        await SnsBus(nowhere, prefix="test").publish("payment", [message(1)])
    await nowhere.close()


def letter(channel: str = "email") -> Letter:
    notice = Notice("m-1", "points.charged", UserId(7), "제목", {}, None)
    delivery = Delivery(DeliveryId(1), notice, 1, channel)  # type: ignore[arg-type]  # one of the three
    contact = Contact(UserId(7), "sky@tiketi.test", "김하늘", "010-1234-5678")
    return Letter(delivery, contact, Words("제목", "본문", "<p>본문</p>", "한 줄"))


async def test_ses_takes_a_mail_from_a_verified_sender_only(clients: AwsClients) -> None:
    channel = SesChannel(clients, sender_name="tiketi", sender_address="no-reply@tiketi.test")
    ses = await clients.get("sesv2")
    with pytest.raises(RefusedError):
        await channel.send(letter())
    await ses.create_email_identity(EmailIdentity="no-reply@tiketi.test")
    await channel.send(letter())


async def test_sns_takes_a_text_message(clients: AwsClients) -> None:
    await SnsSmsChannel(clients).send(letter("sms"))
