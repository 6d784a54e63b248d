"""The notification service put together: what it hears, what it keeps and what it sends with."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tiketi_core.kernel.message import Message
from tiketi_core.notification.model import ChannelName, Outcome
from tiketi_core.notification.use_cases import Ear, Sender
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.aws.dead_letters import SOURCE, SqsDeadLetters
from tiketi_platform.adapters.peers.contacts import PeerContacts
from tiketi_platform.adapters.postgres.notification.deliveries import LEASE_MS, PostgresDeliveries
from tiketi_platform.adapters.postgres.notification.preferences import PostgresPreferences
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.templates import MailTemplates
from tiketi_platform.adapters.tokens.reset_seal import SECRET_NAME, ResetSeal
from tiketi_platform.adapters.tokens.unsubscribe import UnsubscribeLinks
from tiketi_platform.framework.relaying import DeadLetters
from tiketi_platform.framework.spec import Task
from tiketi_platform.services.notification.channels import OpenedChannel, opened_channels
from tiketi_platform.services.notification.postman import Postman
from tiketi_platform.services.notification.unsealing import UnsealingTemplates

GROUP: Final = "notification"
HEARD: Final = ("auth", "queue", "reservation", "payment")
"""The services whose messages this one applies."""


@dataclass(frozen=True, slots=True)
class NotificationService:
    """The use cases, the books they write and the channels they send by."""

    ear: Ear
    deliveries: PostgresDeliveries
    preferences: PostgresPreferences
    templates: MailTemplates
    links: UnsubscribeLinks
    dead: DeadLetters
    """Where messages are that could not be applied."""
    dead_sources: tuple[str, ...]
    channels: Sequence[OpenedChannel]
    postmen: Sequence[Postman]

    async def hear(self, messages: Sequence[Message]) -> None:
        """Record what is to be told, and wake the senders."""
        await self.ear.hear(messages)
        self.wake()

    def wake(self) -> None:
        """Something new is due."""
        for postman in self.postmen:
            postman.heard.set()

    def tasks(self) -> tuple[Task, ...]:
        """A sender for each channel, so that none waits for another."""
        return tuple(
            Task(name=f"send_{postman.name}", every_s=0.0, work=postman.send_due)
            for postman in self.postmen
        )

    async def close(self) -> None:
        """Hang up on the providers."""
        for channel in self.channels:
            await channel.close()
        if isinstance(self.dead, SqsDeadLetters):
            await self.dead.close()


class _SystemDice:
    """The operating system's chance."""

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return random.random()  # noqa: S311  # spreads retries, guards nothing


def build(resources: Resources) -> NotificationService:
    """The service over opened connections; the providers' open at the first delivery."""
    settings = resources.settings
    deliveries = PostgresDeliveries(
        resources.database,
        lease_ms=LEASE_MS if settings.lease_ms is None else settings.lease_ms,
        per_second=rates(settings.notification_rates),
    )
    preferences = PostgresPreferences(resources.database)
    links = UnsubscribeLinks(
        settings.secret("notification-service"),
        settings.public_url or settings.peer_url("notification"),
    )
    templates = MailTemplates(links.url)
    unsealing = UnsealingTemplates(templates, ResetSeal(lambda: settings.secret(SECRET_NAME)))
    contacts = PeerContacts(resources.peers)
    channels = opened_channels(settings, preferences.forget_devices)
    postmen = [
        Postman(
            each.name,
            Sender(
                deliveries,
                name=each.name,
                channel=each.channel,
                contacts=contacts,
                templates=unsealing,
                clock=resources.clock,
                dice=_SystemDice(),
                together=_together,
            ),
        )
        for each in channels
    ]
    return NotificationService(
        Ear(deliveries, templates=templates, channels=[each.name for each in channels]),
        deliveries,
        preferences,
        templates,
        links,
        *_dead(resources),
        channels,
        postmen,
    )


def _dead(resources: Resources) -> tuple[DeadLetters, tuple[str, ...]]:
    settings = resources.settings
    if not settings.bus_url:
        return StreamBus(resources.redis), HEARD
    url = urlsplit(settings.bus_url)
    clients = AwsClients(url.hostname or "", endpoint_url=settings.aws_endpoint_url)
    return SqsDeadLetters(clients, prefix=url.path.strip("/")), (SOURCE,)


def rates(said: str) -> dict[ChannelName, float]:
    """`email=14,sms=1` as a table; ValueError for anything else."""
    found: dict[ChannelName, float] = {}
    for each in filter(None, said.split(",")):
        name, _, per_second = each.partition("=")
        if name not in {"email", "push", "sms"} or float(per_second) <= 0:
            raise ValueError(f"TIKETI_NOTIFICATION_RATES reads email=14,sms=1 and not {said!r}")
        found[name] = float(per_second)  # type: ignore[index]  # one of the three
    return found


async def _together(tries: Sequence[Awaitable[Outcome]]) -> Sequence[Outcome]:
    return await asyncio.gather(*tries)
