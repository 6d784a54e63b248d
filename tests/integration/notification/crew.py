"""Everything between the stream and the mail server, in this process or in one that kills itself at a step.

    python -c "…; asyncio.run(main(DSN, REDIS_URL, SMTP_PORT, STEP))"

STEP is `<method>:before` or `:after` of the books or the channel: `record`, `claim`, `settle`, or `send`, of
which the tenth call counts, so that it lies in the middle of a batch.
"""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import Contact, Outcome
from tiketi_core.notification.use_cases import Ear, Sender
from tiketi_platform.adapters.postgres.notification.deliveries import PostgresDeliveries
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.consumer import Consumer
from tiketi_platform.adapters.smtp import SmtpMailer, SmtpSettings
from tiketi_platform.adapters.smtp.channel import EmailChannel
from tiketi_platform.adapters.templates import MailTemplates
from tiketi_platform.framework.clock import SystemClock

LEASE_MS = 1_000
BATCH_MAX = 50
CALLS_BEFORE_DEATH = {"send": 10}


class Doom:
    """Passes every call on to what it wraps; the process dies at the chosen one."""

    def __init__(self, inner: object, step: str) -> None:
        self._inner = inner
        self._method, _, self._moment = step.partition(":")
        self._calls = itertools.count(1)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name != self._method:
            return method

        async def doomed(*args: Any, **kwargs: Any) -> Any:
            is_last = next(self._calls) >= CALLS_BEFORE_DEATH.get(name, 1)
            result = None if is_last and self._moment == "before" else await method(*args, **kwargs)
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return doomed


class Everybody:
    """Knows anybody's address."""

    async def find(self, user_ids: Sequence[UserId]) -> dict[UserId, Contact]:
        return {
            each: Contact(each, f"user{each}@tiketi.test", f"사용자 {each}") for each in user_ids
        }


class Fair:
    def fraction(self) -> float:
        return 0.5


@dataclass
class Crew:
    """A consumer and a sender over the same books."""

    consumer: Consumer
    sender: Sender
    deliveries: Any

    async def send_until(self, done: asyncio.Event) -> None:
        while not done.is_set():
            if await self.sender.send_due(BATCH_MAX) == 0:
                await asyncio.sleep(0.05)


async def _together(tries: Sequence[Awaitable[Outcome]]) -> Sequence[Outcome]:
    return await asyncio.gather(*tries)


@asynccontextmanager
async def crew(dsn: str, redis_url: str, smtp_port: int, step: str = "") -> AsyncIterator[Crew]:
    database = await Database.connect(dsn, "notification")
    client = await RedisClient.connect(redis_url)
    mailer = SmtpMailer(SmtpSettings("127.0.0.1", smtp_port))
    deliveries: Any = Doom(PostgresDeliveries(database, lease_ms=LEASE_MS), step)
    templates = MailTemplates()
    channel: Any = Doom(EmailChannel(mailer), step)
    consumer = Consumer(
        StreamBus(client),
        redis_url,
        group="notification",
        name="notification@test",
        services=("payment",),
        handler=Ear(deliveries, templates=templates, channels=("email",)).hear,
        batch_max=BATCH_MAX,
    )
    sender = Sender(
        deliveries,
        name="email",
        channel=channel,
        contacts=Everybody(),
        templates=templates,
        clock=SystemClock(),
        dice=Fair(),
        together=_together,
    )
    try:
        yield Crew(consumer, sender, deliveries)
    finally:
        await mailer.close()
        await client.close()
        await database.close()


async def main(dsn: str, redis_url: str, smtp_port: str, step: str) -> None:
    """Work until the step, and die there."""
    async with crew(dsn, redis_url, int(smtp_port), step) as ours:
        await asyncio.gather(ours.consumer.run(), ours.send_until(asyncio.Event()))
