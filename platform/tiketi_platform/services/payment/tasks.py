"""The payment service's background work: ends what a crash or a silent gateway left open; starts nothing new."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import DomainError
from tiketi_platform.adapters.postgres import inbox
from tiketi_platform.framework.spec import Task
from tiketi_platform.framework.telemetry import log
from tiketi_platform.services.payment.service import PaymentService

AT_ONCE_MAX: Final = 8
"""Payments and refunds one process settles at a time, so that requests keep their connections."""
PAYMENTS_EVERY_S: Final = 1.0
REFUNDS_EVERY_S: Final = 0.5
"""Refunds that messages ask for wait for nobody else, so they are looked for more often."""
WATCH_EVERY_S: Final = 10.0
PRUNE_EVERY_S: Final = 60.0

ItemT = TypeVar("ItemT")


def tasks(service: PaymentService) -> tuple[Task, ...]:
    """Safe in any number of replicas: what one has claimed, the others leave alone."""

    async def recover_payments() -> None:
        await each(await service.settlement.claim(), service.settlement.recover)

    async def finish_refunds() -> None:
        await each(await service.refunds.claim(), service.refunds.finish)

    async def prune() -> None:
        await service.books.prune_answers(
            older_than_s=bounds.idempotency_ttl_s, limit=bounds.batch_max
        )
        await inbox.prune(service.database)

    return (
        Task(name="recover_payments", every_s=PAYMENTS_EVERY_S, work=recover_payments),
        Task(name="finish_refunds", every_s=REFUNDS_EVERY_S, work=finish_refunds),
        Task(name="watch", every_s=WATCH_EVERY_S, work=service.watch.look),
        Task(name="prune", every_s=PRUNE_EVERY_S, work=prune),
    )


async def each(items: Iterable[ItemT], work: Callable[[ItemT], Awaitable[object]]) -> None:
    """Do the work for each item, some at once; one that fails does not keep the others from it."""
    gate = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(item: ItemT) -> None:
        async with gate:
            try:
                await work(item)
            except DomainError as error:
                # Its lease ends and a later round tries again.
                log.warning("left for a later round", extra={"code": error.code})

    done = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
