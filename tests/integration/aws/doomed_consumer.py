"""A member of the notification group on SQS in a process of its own, which kills itself at a step of the books.

    python -c "…; asyncio.run(main(DSN, ENDPOINT, STEP))"

STEP is `record:before` or `record:after`: what was received is not written down yet, or it is and is still on the queue.
"""

import itertools
from typing import Any

from tests.integration.notification.crew import Doom
from tiketi_core.notification.use_cases import Ear
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.aws.consumer import SqsConsumer
from tiketi_platform.adapters.postgres.notification.deliveries import PostgresDeliveries
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.templates import MailTemplates

REGION = "ap-northeast-2"
PREFIX = "test"
VISIBILITY_S = 2
"""How long what a killed process had received is hidden from the others."""


def consumer(clients: AwsClients, deliveries: Any) -> SqsConsumer:
    """What hears and writes down, as the service does."""
    return SqsConsumer(
        clients,
        prefix=PREFIX,
        group="notification",
        services=("payment",),
        handler=Ear(deliveries, templates=MailTemplates(), channels=("email",)).hear,
        visibility_s=VISIBILITY_S,
        wait_s=1,
    )


class Third(Doom):
    """Dies at the third batch, so that some were written down before."""

    def __init__(self, inner: object, step: str) -> None:
        super().__init__(inner, step)
        self._calls = itertools.count(-1)


async def main(dsn: str, endpoint: str, step: str) -> None:
    """Hear until the step, and die there."""
    database = await Database.connect(dsn, "notification")
    clients = AwsClients(REGION, endpoint_url=endpoint)
    await consumer(clients, Third(PostgresDeliveries(database), step)).run()
