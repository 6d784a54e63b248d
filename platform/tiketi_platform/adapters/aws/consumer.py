"""Reads a service's queue and hands batches to a handler; it never loses a message.

A batch that fails is taken apart and its messages are tried one by one: those that work are deleted, those
that fail become visible again after a growing pause, and after `delivery_attempts_max` receptions the queue's
redrive policy moves them to the dead letters. While a handler works, the batch stays invisible to others.
UnavailableError is nobody's fault: the batch is tried again until it works, and stays ours meanwhile.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.bus import (
    ENTRIES_MAX,
    VISIBILITY_S,
    MalformedMessage,
    decode,
    ensure_queue,
)
from tiketi_platform.adapters.aws.clients import AwsClients

_log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Sequence[Message]], Awaitable[None]]

WAIT_S: Final = 10
"""One long poll."""
READERS_COUNT: Final = 2
"""Polls at once in one process."""
RETRY_S_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class _Entry:
    receipt: str
    receives_count: int
    message: Message


class SqsConsumer:
    """One member of one group; any number may read the queue."""

    def __init__(
        self,
        clients: AwsClients,
        *,
        prefix: str,
        group: str,
        services: Sequence[str],
        handler: Handler,
        visibility_s: float = VISIBILITY_S,
        wait_s: int = WAIT_S,
        retry_s_min: int = 1,
    ) -> None:
        """`services`: whose messages the queue gets."""
        self._clients = clients
        self._prefix = prefix
        self._group = group
        self._services = tuple(services)
        self._handler = handler
        self._visibility_s = visibility_s
        self._wait_s = wait_s
        self._retry_s_min = retry_s_min
        self._stopping = asyncio.Event()
        self._url = ""
        self.applied_count = 0
        """Messages handled and deleted by this member, for metrics."""

    def stop(self) -> None:
        """Let `run` return after the batches in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`; outages of SQS are waited out with backoff."""
        from botocore.exceptions import BotoCoreError, ClientError

        failures_count = 0
        while not self._stopping.is_set():
            since_count = self.applied_count
            try:
                self._url, _ = await ensure_queue(
                    self._clients, self._prefix, self._group, services=self._services
                )
                # A group: when one reader fails the other must end too, or each failure would add one.
                async with asyncio.TaskGroup() as readers:
                    for _ in range(READERS_COUNT):
                        readers.create_task(self._read())
            except* (BotoCoreError, ClientError, OSError, TimeoutError) as errors:
                failures_count = 0 if self.applied_count > since_count else failures_count + 1
                _log.warning("%s waits for SQS: %s", self._group, errors.exceptions[0])
                await self._pause(min(0.2 * 2 ** min(failures_count, 8), 30.0))

    async def _read(self) -> None:
        client = await self._clients.get("sqs")
        while not self._stopping.is_set():
            poll = asyncio.ensure_future(
                client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=ENTRIES_MAX,
                    WaitTimeSeconds=self._wait_s,
                    VisibilityTimeout=round(self._visibility_s),
                    AttributeNames=["ApproximateReceiveCount"],
                )
            )
            stop = asyncio.ensure_future(self._stopping.wait())
            try:
                await asyncio.wait([poll, stop], return_when=asyncio.FIRST_COMPLETED)
            finally:
                stop.cancel()
                # Also when the other reader has failed: a poll nobody waits for would hide what it got.
                if not poll.done():
                    poll.cancel()
                    await asyncio.gather(poll, return_exceptions=True)
            if poll.cancelled():
                return
            received = (await poll).get("Messages", [])
            if received:
                await self._receive(client, received)

    async def _receive(self, client: Any, received: Sequence[dict[str, Any]]) -> None:
        entries: list[_Entry] = []
        for each in received:
            receives_count = int(each["Attributes"]["ApproximateReceiveCount"])
            try:
                message = decode(each["Body"])
            except MalformedMessage as error:
                _log.error("%s got what is no message: %s", self._group, error)
                await self._later(client, each["ReceiptHandle"], receives_count)
                continue
            entries.append(_Entry(each["ReceiptHandle"], receives_count, message))
        keeping = asyncio.create_task(self._keep(client, entries))
        try:
            if entries and not await self._try(client, entries):
                for entry in entries:
                    if len(entries) == 1 or not await self._try(client, [entry]):
                        await self._later(client, entry.receipt, entry.receives_count)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _try(self, client: Any, entries: Sequence[_Entry]) -> bool:
        """Handle and delete; False if the handler failed."""
        unavailable_count = 0
        while True:
            try:
                await self._handler([entry.message for entry in entries])
                break
            except UnavailableError as error:
                unavailable_count += 1
                _log.warning("%s waits: %s", self._group, error)
                await self._pause(min(0.2 * 2 ** min(unavailable_count, 8), 30.0))
                if self._stopping.is_set():
                    return True  # not failed, only not done: it becomes visible again
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed try
                _log.warning(
                    "%s could not apply %s: %r",
                    self._group,
                    ", ".join(entry.message.id for entry in entries),
                    error,
                )
                return False
        await client.delete_message_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": str(place), "ReceiptHandle": entry.receipt}
                for place, entry in enumerate(entries)
            ],
        )
        self.applied_count += len(entries)
        return True

    async def _keep(self, client: Any, entries: Sequence[_Entry]) -> None:
        """Extend the invisibility of what is being worked on; what was deleted meanwhile does not mind."""
        from botocore.exceptions import BotoCoreError, ClientError

        while True:
            await asyncio.sleep(self._visibility_s / 3)
            try:
                await client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {
                            "Id": str(place),
                            "ReceiptHandle": entry.receipt,
                            "VisibilityTimeout": round(self._visibility_s),
                        }
                        for place, entry in enumerate(entries)
                    ],
                )
            except (BotoCoreError, ClientError) as error:
                _log.warning("%s may get a batch twice: %s", self._group, error)

    async def _later(self, client: Any, receipt: str, receives_count: int) -> None:
        step_s = min(self._retry_s_min * 2 ** min(receives_count - 1, 16), RETRY_S_MAX)
        await client.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=receipt,
            VisibilityTimeout=round(step_s * random.uniform(0.5, 1.0)),  # noqa: S311 - only jitter
        )

    async def _pause(self, delay_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()
