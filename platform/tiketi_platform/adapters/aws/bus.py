"""The message bus on Amazon: a topic per publishing service (SNS), a queue per listening one (SQS), fan-out between.

    bus = SnsBus(clients, prefix="tiketi")
    await bus.publish("payment", messages)         # the outbox relay does; at least once
    await bus.backlog("notification")              # waiting, in flight and dead

Topics, queues and subscriptions are made where they are missing. Order is not kept between messages (a
failed one is passed by later ones on Redis too); whoever listens bears repetition and disorder.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import orjson

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_sdk.contract.backlog import GroupBacklog

ENTRIES_MAX: Final = 10
"""Of one batch call, as Amazon says."""
CALLS_AT_ONCE_MAX: Final = 8
RETENTION_S: Final = 14 * 24 * 3600
"""Of queues and dead letters: the longest there is."""
VISIBILITY_S: Final = 30


class MalformedMessage(ValueError):  # noqa: N818 - says what the body is
    """The body of a queue's message that is no message of ours."""


class SnsBus:
    """The relay's publisher, and the count of what is under way."""

    def __init__(self, clients: AwsClients, *, prefix: str) -> None:
        self._clients = clients
        self._prefix = prefix
        self._topics: dict[str, str] = {}
        self._listened: set[str] = set()
        """Services whose listeners' queues are there."""
        self._gate = asyncio.Semaphore(CALLS_AT_ONCE_MAX)

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        """All of them, some maybe twice when it raises UnavailableError: then all are to be sent again."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            topic = await self._topic(service)
            batches = [
                messages[start : start + ENTRIES_MAX]
                for start in range(0, len(messages), ENTRIES_MAX)
            ]
            await asyncio.gather(*(self._publish(topic, batch) for batch in batches))
        except (BotoCoreError, ClientError, TimeoutError) as error:
            raise UnavailableError("the message bus does not answer right now") from error

    async def _publish(self, topic: str, batch: Sequence[Message]) -> None:
        client = await self._clients.get("sns")
        entries = [
            {"Id": str(place), "Message": encode(message)} for place, message in enumerate(batch)
        ]
        async with self._gate:
            answer = await client.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        if answer.get("Failed"):
            raise UnavailableError(f"the topic took not all: {answer['Failed'][0].get('Code')}")

    async def trim(self, service: str, groups: Sequence[str]) -> None:
        """Each queue forgets by itself; making the topic and its listeners' queues is what is left to do."""
        from botocore.exceptions import BotoCoreError, ClientError

        if service in self._listened:
            return
        try:
            for group in groups:
                await ensure_queue(self._clients, self._prefix, group, services=(service,))
        except (BotoCoreError, ClientError, TimeoutError) as error:
            raise UnavailableError("the message bus does not answer right now") from error
        self._listened.add(service)

    async def backlog(self, group: str) -> tuple[GroupBacklog, ...]:
        """What `group` has still to apply; Amazon's numbers are approximate."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = await self._clients.get("sqs")
        counts: list[tuple[int, int]] = []
        try:
            for name in (queue_name(self._prefix, group), dead_name(self._prefix, group)):
                url = (await client.get_queue_url(QueueName=name))["QueueUrl"]
                found = (await client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))[
                    "Attributes"
                ]
                waiting = int(found["ApproximateNumberOfMessages"])
                counts.append((waiting, int(found["ApproximateNumberOfMessagesNotVisible"])))
        except (BotoCoreError, ClientError, TimeoutError) as error:
            raise UnavailableError("the message bus does not answer right now") from error
        (waiting_count, pending_count), (dead_count, _) = counts
        return (
            GroupBacklog(
                stream=queue_name(self._prefix, group),
                group=group,
                waiting_count=waiting_count,
                pending_count=pending_count,
                dead_count=dead_count,
            ),
        )

    async def _topic(self, service: str) -> str:
        if service not in self._topics:
            client = await self._clients.get("sns")
            answer = await client.create_topic(Name=topic_name(self._prefix, service))
            self._topics[service] = answer["TopicArn"]
        return self._topics[service]


async def ensure_queue(
    clients: AwsClients, prefix: str, group: str, *, services: Sequence[str]
) -> tuple[str, str]:
    """Make a listener's queue, its dead letters and its subscriptions; the addresses of both queues.

    Again changes nothing. Raises what botocore raises.
    """
    sqs, sns = await clients.get("sqs"), await clients.get("sns")
    kept = {"MessageRetentionPeriod": str(RETENTION_S)}
    dead_url, dead_arn = await _queue(sqs, dead_name(prefix, group), kept)
    url, arn = await _queue(
        sqs,
        queue_name(prefix, group),
        {**kept, "VisibilityTimeout": str(VISIBILITY_S)},
    )
    topics = [
        (await sns.create_topic(Name=topic_name(prefix, service)))["TopicArn"]
        for service in services
    ]
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": bounds.delivery_attempts_max}
    account_topics = topics[0].rpartition(":")[0] + f":{prefix}-*"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": account_topics}},
            }
        ],
    }
    await sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "RedrivePolicy": orjson.dumps(redrive).decode(),
            "Policy": orjson.dumps(policy).decode(),
        },
    )
    for topic in topics:
        await sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )
    return url, dead_url


async def _queue(sqs: Any, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    url = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
    found = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def topic_name(prefix: str, service: str) -> str:
    """Where a service publishes."""
    return f"{prefix}-{service}-messages"


def queue_name(prefix: str, group: str) -> str:
    """What a service listens to."""
    return f"{prefix}-{group}"


def dead_name(prefix: str, group: str) -> str:
    """Where messages go that a service gave up on."""
    return f"{prefix}-{group}-dead"


def encode(message: Message) -> str:
    """A message as JSON."""
    return orjson.dumps(
        {
            "id": message.id,
            "name": message.name,
            "at_ms": message.occurred_at_ms,
            "request_id": message.request_id,
            "payload": message.payload,
        }
    ).decode()


def decode(body: str) -> Message:
    """A message from JSON. Raises MalformedMessage."""
    try:
        said = orjson.loads(body)
        payload = said["payload"]
        if not isinstance(payload, dict):
            raise TypeError("the payload is no object")
        return Message(
            MessageId(str(said["id"])),
            str(said["name"]),
            payload,
            int(said["at_ms"]),
            str(said["request_id"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedMessage(f"{type(error).__name__}: {error}") from error
