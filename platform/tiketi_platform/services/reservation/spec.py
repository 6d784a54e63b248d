"""What the reservation service is; the composition root reads this and nothing else of it."""

from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres import inbox
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.spec import ServiceSpec, Task
from tiketi_platform.services.reservation.routes import ROUTES
from tiketi_platform.services.reservation.service import ReservationService, build

EXPIRE_EVERY_S: Final = 1.0
"""Lapsed seats are free without it; it is for those who wait for the news."""
SWEEP_EVERY_S: Final = 2.0
"""For reservations made while the news of a cancelled event was on its way."""
PRUNE_EVERY_S: Final = 60.0


def _tasks(service: ReservationService) -> tuple[Task, ...]:
    """Safe in any number of replicas: holds that one works on, the others leave alone."""

    async def prune() -> None:
        await inbox.prune(service.database)

    return (
        Task(name="expire", every_s=EXPIRE_EVERY_S, work=service.reservations.expire_due),
        Task(name="sweep", every_s=SWEEP_EVERY_S, work=service.reservations.sweep),
        Task(name="prune", every_s=PRUNE_EVERY_S, work=prune),
    )


async def _paid(service: ReservationService, messages: Sequence[Message]) -> None:
    await service.reservations.apply_payments(messages)


async def _refunded(service: ReservationService, messages: Sequence[Message]) -> None:
    await service.reservations.apply_refunds(messages)


async def _event_gone(service: ReservationService, messages: Sequence[Message]) -> None:
    await service.reservations.apply_cancelled_events(messages)


SPEC: Final = ServiceSpec[ReservationService, Resources](
    name="reservation",
    schema="reservation",
    uses_redis=True,
    build=build,
    routes=ROUTES,
    tasks=_tasks,
    listens={
        "payment.completed": _paid,
        "payment.refunded": _refunded,
        "event.cancelled": _event_gone,
        # It had no seats as far as the catalogue knew, and may have got some since.
        "event.deleted": _event_gone,
    },
)
