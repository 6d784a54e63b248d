"""A process that pays and refunds and kills itself at a given step, or goes on until somebody kills it.

    python doomed.py DSN SANDBOX_URL STEP

STEP is `<method>:before` or `:after` of the books or the gateway, for instance `complete:before`; or `load`.
"""

import asyncio
import itertools
import os
import random
import signal
import sys
from typing import Any

from tests.integration.payment.saga import Clock, Directory, Saga
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import UserId
from tiketi_core.payment.model import Policy
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY


class Doom:
    """Passes every call on to what it wraps; the process dies at the chosen one."""

    def __init__(self, inner: object, step: str) -> None:
        self._inner = inner
        self._method, _, self._moment = step.partition(":")

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name != self._method:
            return method

        async def doomed(*args: Any, **kwargs: Any) -> Any:
            if self._moment == "after":
                await method(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        return doomed


async def once(saga: Saga, step: str) -> None:
    """A mixed payment, a refund of it, and a payment whose reservation ends while the card is charged."""
    saga.directory.put(1)
    try:
        settled = await saga.pay(1, points=400, card=600, key="pay")
        await saga.refund(settled.payment.id, amount=700, key="refund")
        await saga.buy(300, key="buy")
        saga.directory.put(2)
        lost = await saga.pay(2, card=1_000, token="toss_token_slow", key="gone")
        saga.directory.put(2, status="EXPIRED")
        await asyncio.sleep(1.6)
        await saga.settlement.look(lost.payment)
    finally:
        sys.stdout.write(f"survived {step}\n")


async def load(saga: Saga) -> None:
    """Payments, charges and refunds of every kind, many at a time, for ever."""
    numbers = itertools.count(1)
    tokens = [
        "toss_token_ok",
        "toss_token_ok",
        "toss_token_declined",
        "toss_token_error_500_after_success",
        "toss_token_error_500_once",
    ]

    async def one() -> None:
        number, user = next(numbers), random.randint(1, 20)
        points, card = random.choice([(0, 700), (300, 0), (300, 700)])
        saga.directory.put(number + os.getpid() * 10_000, user=user, price=points + card)
        try:
            settled = await saga.pay(
                number + os.getpid() * 10_000,
                user=user,
                points=points,
                card=card,
                token=random.choice(tokens),
                key=f"{os.getpid()}-{number}",
            )
            if settled.payment.status == "COMPLETED" and random.random() < 0.5:
                amount = random.randint(1, points + card)
                await saga.refund(
                    settled.payment.id, amount=amount, key=f"r-{os.getpid()}-{number}"
                )
            if random.random() < 0.2:
                await saga.buy(500, user=user, key=f"b-{os.getpid()}-{number}")
        except DomainError:
            return

    async def worker() -> None:
        while True:
            await one()

    sys.stdout.write("loaded\n")
    sys.stdout.flush()
    await asyncio.gather(*(worker() for _ in range(16)))


async def main(dsn: str, url: str, step: str) -> None:
    database = await Database.connect(dsn, "payment")
    settings = TossSettings(TOSS_SECRET_KEY, base_url=url, total_timeout_s=1.0)
    async with TossGateway(settings) as gateway:
        saga = Saga(
            database,
            Doom(gateway, step),
            None,
            directory=Directory(),
            clock=Clock(),
            policy=Policy(lease_ms=0),
        )
        doomed: Any = Doom(saga.books, step)
        saga.books = doomed
        for part in (saga.payments, saga.refunds, saga.settlement):
            part._books = doomed
        await saga.books.grant([UserId(n) for n in range(1, 21)], amount=50_000, reference="seed")
        await (load(saga) if step == "load" else once(saga, step))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
