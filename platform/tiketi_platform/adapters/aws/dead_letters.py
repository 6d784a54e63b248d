"""What a service gave up on, in its SQS queue of dead letters: looked at, and dropped when it was dealt with.

Looking is receiving: for the moment of it a letter is hidden from others who look.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.bus import ENTRIES_MAX, MalformedMessage, dead_name, decode
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.framework.relaying import DeadLetter

SOURCE: Final = "sqs"
"""The one place they are in, whichever service published them."""
HIDDEN_S: Final = 30
"""Longer than one look takes: what was seen must not be seen twice."""
WAIT_S: Final = 1
"""With a wait SQS asks all of its machines; without one, a few, and their answer is often empty."""
RECEIPTS_MAX: Final = 10_000


class SqsDeadLetters:
    """The dead letters of the groups of one prefix; as StreamBus offers its own."""

    def __init__(self, clients: AwsClients, *, prefix: str) -> None:
        self._clients = clients
        self._prefix = prefix
        self._receipts: OrderedDict[str, str] = OrderedDict()

    async def dead_letters(
        self,
        _source: str,
        group: str,
        *,
        limit: int = bounds.page_limit_max,
        below: str | None = None,  # noqa: ARG002  # there is no order
    ) -> list[DeadLetter]:
        """Up to `limit` of them, in no particular order: with `below`, maybe the same."""
        return await self._look(group, limit=limit)

    async def find_dead(self, _source: str, group: str, ids: Sequence[str]) -> list[DeadLetter]:
        """Those of these ids that are among the `RECEIPTS_MAX` that can be looked at."""
        named = frozenset(ids)
        found = await self._look(group, limit=RECEIPTS_MAX, named=named) if named else []
        return [letter for letter in found if letter.id in named]

    async def _look(
        self, group: str, *, limit: int, named: frozenset[str] | None = None
    ) -> list[DeadLetter]:
        """Up to `limit`; no more are received once all that are named are among them."""
        from botocore.exceptions import BotoCoreError, ClientError

        found: dict[str, dict[str, Any]] = {}
        try:
            client = await self._clients.get("sqs")
            url = (await client.get_queue_url(QueueName=dead_name(self._prefix, group)))["QueueUrl"]
            while len(found) < limit:
                answer = await client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=min(ENTRIES_MAX, limit - len(found)),
                    VisibilityTimeout=HIDDEN_S,
                    WaitTimeSeconds=WAIT_S,
                    AttributeNames=["All"],
                )
                known_count = len(found)
                found.update({each["MessageId"]: each for each in answer.get("Messages", [])})
                if len(found) == known_count or (named is not None and named <= found.keys()):
                    break
            await self._show_again(client, url, list(found.values()))
        except (BotoCoreError, ClientError, TimeoutError) as error:
            raise UnavailableError("the message bus does not answer right now") from error
        return [_letter(each) for each in found.values()]

    async def forget_dead(self, _source: str, group: str, ids: Sequence[str]) -> None:
        """Drop dead letters that were looked at before and dealt with."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = await self._clients.get("sqs")
            url = (await client.get_queue_url(QueueName=dead_name(self._prefix, group)))["QueueUrl"]
            for each in ids:
                receipt = self._receipts.pop(each, None)
                if receipt is not None:  # else somebody else dealt with it at the same time
                    await client.delete_message(QueueUrl=url, ReceiptHandle=receipt)
        except (BotoCoreError, ClientError, TimeoutError) as error:
            raise UnavailableError("the message bus does not answer right now") from error

    async def close(self) -> None:
        """Hang up."""
        await self._clients.close()

    async def _show_again(self, client: Any, url: str, found: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(found), ENTRIES_MAX):
            some = found[start : start + ENTRIES_MAX]
            for each in some:
                self._remember(each)
            await client.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {
                        "Id": str(place),
                        "ReceiptHandle": each["ReceiptHandle"],
                        "VisibilityTimeout": 0,
                    }
                    for place, each in enumerate(some)
                ],
            )

    def _remember(self, each: dict[str, Any]) -> None:
        self._receipts[each["MessageId"]] = each["ReceiptHandle"]
        while len(self._receipts) > RECEIPTS_MAX:
            self._receipts.popitem(last=False)


def _letter(each: dict[str, Any]) -> DeadLetter:
    reason = "never handled to the end"
    try:
        message: Message | None = decode(each["Body"])
    except MalformedMessage as error:
        message, reason = None, str(error)
    attributes = each["Attributes"]
    return DeadLetter(
        each["MessageId"],
        message,
        reason,
        bounds.delivery_attempts_max,
        each["MessageId"],
        int(attributes["SentTimestamp"]),
    )
