"""From a message to what was delivered: recorded at once, sent from the books, settled afterwards.

Recording is the only thing that happens while a message is being applied, so a provider that is
down holds up no stream: the books grow and nothing else notices. Each channel is sent by itself,
so that one that is down does not hold up the others either.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId
from tiketi_core.kernel.message import Message
from tiketi_core.notification.errors import DeferredError, ProviderDownError, RefusedError
from tiketi_core.notification.model import (
    ChannelName,
    Contact,
    Delivery,
    Letter,
    Notice,
    Outcome,
)
from tiketi_core.notification.ports import Channel, Contacts, Deliveries, Dice, Templates
from tiketi_core.notification.rules import (
    TOLD,
    Unwanted,
    held_back,
    knock_after_ms,
    retry_after_ms,
)

Together = Callable[[Sequence[Awaitable[Outcome]]], Awaitable[Sequence[Outcome]]]
"""Awaits all at once, in order; the adapter brings it, because the core knows no event loop."""


class Ear:
    """Writes down what users are to be told."""

    def __init__(
        self, deliveries: Deliveries, *, templates: Templates, channels: Sequence[ChannelName]
    ) -> None:
        """`channels`: those that somebody sends."""
        self._deliveries = deliveries
        self._templates = templates
        self._channels = tuple(channels)

    async def hear(self, messages: Sequence[Message]) -> None:
        """Keep what users are to be told of these messages; the same message again changes nothing."""
        notices = [self._notice(message) for message in messages if message.name in TOLD]
        if notices:
            await self._deliveries.record(notices, self._channels)

    def _notice(self, message: Message) -> Notice:
        payload, told = message.payload, TOLD[message.name]
        reference = None if told.reference is None else payload[told.reference]
        user_id = payload["user_id"]
        if not isinstance(user_id, int) or not isinstance(reference, int | None):
            raise TypeError(f"{message.name} {message.id} does not say whom it concerns, or what")
        notice = Notice(
            message.id,
            message.name,
            UserId(user_id),
            "",
            payload,
            reference,
            message.request_id,
            channels=told.channels,
            useful_ms=told.useful_ms,
            occurred_at_ms=message.occurred_at_ms,
        )
        return replace(notice, subject=self._templates.subject(notice, "ko"))


class Sender:
    """Sends what is due by one channel. One at a time per process; any number of processes."""

    def __init__(
        self,
        deliveries: Deliveries,
        *,
        name: ChannelName,
        channel: Channel,
        contacts: Contacts,
        templates: Templates,
        clock: Clock,
        dice: Dice,
        together: Together,
    ) -> None:
        self._deliveries = deliveries
        self._name = name
        self._channel = channel
        self._contacts = contacts
        self._templates = templates
        self._clock = clock
        self._dice = dice
        self._together = together
        self._down_count = 0

    async def send_due(self, limit: int) -> int:
        """Try what is due, at most `limit`; returns how many were tried.

        Less than `limit` means that nothing more is due, or that the provider should be left alone.
        """
        due = await self._deliveries.claim(self._name, limit)
        if not due:
            return 0
        async with self._deliveries.kept(due):
            await self._deliveries.settle(await self._outcomes(due))
        return 0 if self._down_count else len(due)

    async def _outcomes(self, due: Sequence[Delivery]) -> Sequence[Outcome]:
        try:
            contacts = await self._contacts.find(sorted({each.notice.user_id for each in due}))
        except UnavailableError as error:
            self._down_count += 1
            wait_ms = knock_after_ms(self._down_count, self._dice.fraction())
            return [self._later(each, error.detail, wait_ms) for each in due]
        going: list[Delivery] = []
        outcomes: list[Outcome] = []
        counts: Counter[tuple[UserId, str]] = Counter()
        for each in due:
            kind = each.notice.user_id, each.notice.category
            verdict = held_back(each, now_ms=self._clock.now_ms(), batch_count=counts[kind])
            if verdict is None:
                counts[kind] += 1
                going.append(each)
            elif isinstance(verdict, Unwanted):
                outcomes.append(
                    Outcome(each.id, each.attempt_count, error=verdict.reason, is_unwanted=True)
                )
            else:
                outcomes.append(self._later(each, verdict.reason, verdict.retry_after_ms))
        down_count = self._down_count
        tried = await self._together([self._try(each, contacts, down_count) for each in going])
        if going and not any(each.is_counted for each in tried):
            self._down_count = down_count + 1
        elif going:
            self._down_count = 0
        return [*outcomes, *tried]

    async def _try(
        self, delivery: Delivery, contacts: dict[UserId, Contact], down_count: int
    ) -> Outcome:
        contact = contacts.get(delivery.notice.user_id)
        if contact is None:
            return Outcome(delivery.id, delivery.attempt_count, error="no such user")
        to = subject = ""
        try:
            letter = Letter(delivery, contact, self._templates.words(delivery, contact))
            to, subject = letter.recipient, letter.words.subject
            if not to:
                raise RefusedError("no address")
            await self._channel.send(letter)
        except RefusedError as error:
            return Outcome(delivery.id, delivery.attempt_count, to, subject, str(error))
        except ProviderDownError as error:
            wait_ms = knock_after_ms(down_count + 1, self._dice.fraction())
            return self._later(delivery, str(error), wait_ms)
        except DeferredError as error:
            return self._again(delivery, to, subject, str(error))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not leave the rest of the batch unsettled
            return self._again(delivery, to, subject, repr(error))
        return Outcome(delivery.id, delivery.attempt_count, to, subject)

    def _again(self, delivery: Delivery, to: str, subject: str, reason: str) -> Outcome:
        again_ms = retry_after_ms(delivery.attempt_count, self._dice.fraction())
        return Outcome(delivery.id, delivery.attempt_count, to, subject, reason, again_ms)

    @staticmethod
    def _later(delivery: Delivery, reason: str, retry_after_ms: int) -> Outcome:
        """Put back for a reason that is not this delivery's."""
        return Outcome(
            delivery.id,
            delivery.attempt_count,
            error=reason,
            retry_after_ms=retry_after_ms,
            is_counted=False,
        )
