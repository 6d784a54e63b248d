"""The event service in one value."""

from collections.abc import Sequence
from typing import Final

from tiketi_core.event.model import SeatsGenerated, SeatsSold
from tiketi_core.kernel.ids import EventId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres import inbox
from tiketi_platform.adapters.postgres.event import apply_sales
from tiketi_platform.adapters.postgres.pool import Connection
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.spec import ServiceSpec, Task
from tiketi_platform.services.event import sales
from tiketi_platform.services.event.routes import ROUTES
from tiketi_platform.services.event.service import EventService, build

REINDEX_EVERY_S: Final = 30.0
"""While a release is rolled out, the one before still writes events as it knows them."""
PRUNE_EVERY_S: Final = 60.0


def _tasks(service: EventService) -> tuple[Task, ...]:
    async def prune() -> None:
        await inbox.prune(service.database)

    return (
        Task(name="reindex", every_s=REINDEX_EVERY_S, work=service.catalogue.reindex),
        Task(name="prune", every_s=PRUNE_EVERY_S, work=prune),
    )


async def _seats_changed(service: EventService, messages: Sequence[Message]) -> None:
    """Follow what reservations say of the seats: prices, and whether all of them are sold."""
    changed: list[EventId] = []

    async def apply(connection: Connection, new: Sequence[Message]) -> None:
        told = [sales.read(message) for message in new]
        changed[:] = await apply_sales(
            connection,
            sold=[each for each in told if isinstance(each, SeatsSold)],
            generated=[each for each in told if isinstance(each, SeatsGenerated)],
            now_ms=service.clock.now_ms(),
        )

    await inbox.applying_all(service.database, "event", apply)(messages)
    if changed:
        await service.events_changed(changed)


SPEC: Final[ServiceSpec[EventService, Resources]] = ServiceSpec(
    name="event",
    build=build,
    routes=ROUTES,
    schema="event",
    uses_redis=True,
    start=EventService.start,
    stop=EventService.stop,
    tasks=_tasks,
    listens={
        "seats.generated": _seats_changed,
        "reservation.confirmed": _seats_changed,
        "reservation.cancelled": _seats_changed,
    },
)
