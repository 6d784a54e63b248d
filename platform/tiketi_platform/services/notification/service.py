"""The notification service put together, and its sender, which is woken by every message."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tiketi_core.kernel.message import Message
from tiketi_core.notification.model import Outcome
from tiketi_core.notification.use_cases import Notifications
from tiketi_platform.adapters.peers.contacts import PeerContacts
from tiketi_platform.adapters.postgres.notification import LEASE_MS, PostgresDeliveries
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.smtp import SmtpMailer, SmtpSettings
from tiketi_platform.adapters.smtp.channel import EmailChannel
from tiketi_platform.adapters.templates import MailTemplates
from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.spec import Task

BATCH_MAX: Final = 200
"""Mails under way at once in one process."""
LOOK_EVERY_S: Final = 1.0
"""How often retries that have become due are looked for when no message comes."""


@dataclass(frozen=True, slots=True)
class NotificationService:
    """The use cases, the books they write and the mailer they send with."""

    notifications: Notifications
    deliveries: PostgresDeliveries
    mailer: SmtpMailer
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, messages: Sequence[Message]) -> None:
        """Record what is to be told, and wake the sender."""
        await self.notifications.hear(messages)
        self.heard.set()

    async def send_due(self) -> None:
        """Wait for something to send, then send all that is due."""
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self.heard.wait()
        except TimeoutError:
            # Nothing new; retries may have become due all the same.
            self.heard.set()
        self.heard.clear()
        while await self.notifications.send_due(BATCH_MAX):
            continue

    def tasks(self) -> tuple[Task, ...]:
        """The sender."""
        return (Task(name="send", every_s=0.0, work=self.send_due),)

    async def close(self) -> None:
        """Hang up on the mail server."""
        await self.mailer.close()


class _SystemDice:
    """The operating system's chance."""

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return random.random()  # noqa: S311  # spreads retries, guards nothing


def build(resources: Resources) -> NotificationService:
    """The service over opened connections."""
    lease_ms = resources.settings.lease_ms
    deliveries = PostgresDeliveries(
        resources.database, lease_ms=LEASE_MS if lease_ms is None else lease_ms
    )
    mailer = SmtpMailer(smtp_settings(resources.settings))
    notifications = Notifications(
        deliveries,
        contacts=PeerContacts(resources.peers),
        templates=MailTemplates(),
        channel=EmailChannel(mailer),
        dice=_SystemDice(),
        together=_together,
    )
    return NotificationService(notifications, deliveries, mailer)


def smtp_settings(settings: Settings) -> SmtpSettings:
    """From `smtp://[user@]host:port`, `smtp+starttls://` or `smtps://`; the password is the file `smtp-password`."""
    url = urlsplit(settings.smtp_url)
    tls = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "implicit"}[url.scheme]
    name, _, address = settings.mail_from.rpartition(" ")
    return SmtpSettings(
        host=url.hostname or "127.0.0.1",
        port=url.port or (465 if tls == "implicit" else 25),
        sender_address=address.strip("<>"),
        sender_name=name or "tiketi",
        tls=tls,  # type: ignore[arg-type]  # one of the three values above
        username=url.username,
        password=settings.optional_secret("smtp-password") if url.username else None,
    )


async def _together(tries: Sequence[Awaitable[Outcome]]) -> Sequence[Outcome]:
    return await asyncio.gather(*tries)
