"""From a message to a delivered mail: recorded at once, sent from the books, settled afterwards.

Recording is the only thing that happens while a message is being applied, so a mail server that is
down holds up no stream: the books grow and nothing else notices.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId
from tiketi_core.kernel.message import Message
from tiketi_core.notification.errors import DeferredError, RefusedError
from tiketi_core.notification.model import Contact, Delivery, Notice, Outcome
from tiketi_core.notification.ports import Channel, Contacts, Deliveries, Dice, Templates
from tiketi_core.notification.rules import RETRY_MS_MIN, TOLD, retry_after_ms

Together = Callable[[Sequence[Awaitable[Outcome]]], Awaitable[Sequence[Outcome]]]
"""Awaits all at once, in order; the adapter brings it, because the core knows no event loop."""


class Notifications:
    """The notification service's doing."""

    def __init__(
        self,
        deliveries: Deliveries,
        *,
        contacts: Contacts,
        templates: Templates,
        channel: Channel,
        dice: Dice,
        together: Together,
    ) -> None:
        self._deliveries = deliveries
        self._contacts = contacts
        self._templates = templates
        self._channel = channel
        self._dice = dice
        self._together = together

    async def hear(self, messages: Sequence[Message]) -> None:
        """Keep what users are to be told of these messages; the same message again changes nothing."""
        notices = [self._notice(message) for message in messages if message.name in TOLD]
        if notices:
            await self._deliveries.record(notices)

    async def send_due(self, limit: int) -> int:
        """Try what is due, at most `limit`; returns how many were tried."""
        due = await self._deliveries.claim(limit)
        if not due:
            return 0
        try:
            contacts = await self._contacts.find(sorted({each.notice.user_id for each in due}))
        except UnavailableError as error:
            # Not the delivery's fault, so it does not count as a try of it that failed for good.
            later = [
                Outcome(each.id, error=error.detail, retry_after_ms=RETRY_MS_MIN) for each in due
            ]
            await self._deliveries.settle(later)
            return len(due)
        outcomes = await self._together([self._try(each, contacts) for each in due])
        await self._deliveries.settle(outcomes)
        return len(due)

    async def _try(self, delivery: Delivery, contacts: dict[UserId, Contact]) -> Outcome:
        contact = contacts.get(delivery.notice.user_id)
        if contact is None:
            return Outcome(delivery.id, error="no such user")
        text, html = self._templates.bodies(delivery.notice, contact)
        try:
            await self._channel.send(delivery, contact, text=text, html=html)
        except RefusedError as error:
            return Outcome(delivery.id, contact.email, str(error))
        except DeferredError as error:
            wait_ms = retry_after_ms(delivery.attempt_count, self._dice.fraction())
            return Outcome(delivery.id, contact.email, str(error), wait_ms)
        return Outcome(delivery.id, contact.email)

    def _notice(self, message: Message) -> Notice:
        payload = message.payload
        reference, user_id = payload[TOLD[message.name]], payload["user_id"]
        assert isinstance(reference, int), "the contract says so"
        assert isinstance(user_id, int), "the contract says so"
        notice = Notice(
            message.id, message.name, UserId(user_id), "", payload, reference, message.request_id
        )
        return replace(notice, subject=self._templates.subject(notice))
