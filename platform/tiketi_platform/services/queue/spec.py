"""The queue service in one value."""

import asyncio
from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.queue.model import Purchase
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.spec import ServiceSpec, Task
from tiketi_platform.framework.telemetry import Gauge
from tiketi_platform.services.queue.realtime import TICK_S
from tiketi_platform.services.queue.routes import ROUTES
from tiketi_platform.services.queue.service import QueueService, build
from tiketi_sdk.contract.messages import EventDeleted, ReservationConfirmed

PUMP_EVERY_S: Final = 0.2
"""Room that became free without anybody saying so (a session that ran out) is used within this."""


def _tasks(service: QueueService) -> tuple[Task, ...]:
    return (
        Task(name="pump", every_s=PUMP_EVERY_S, work=service.pump.round),
        Task(name="broadcast", every_s=TICK_S, work=service.realtime.broadcast),
        Task(name="look", every_s=TICK_S, work=service.realtime.look),
    )


def _gauges(service: QueueService) -> tuple[Gauge, ...]:
    realtime = service.realtime
    return (
        Gauge(
            name="sockets_open",
            documentation="Socket.IO connections, those in their handshake included.",
            read=lambda: realtime.server.connections_count,
        ),
        Gauge(
            name="sockets_joined",
            documentation="Sockets that follow a waiting room, once for each room.",
            read=lambda: realtime.joined_count,
        ),
        Gauge(
            name="rooms_followed",
            documentation="Waiting rooms that sockets of this process follow.",
            read=lambda: realtime.rooms_count,
        ),
        Gauge(
            name="rooms_failing",
            documentation="Waiting rooms that could not be pumped lately.",
            read=lambda: service.pump.failing_count,
        ),
    )


async def _stop(service: QueueService) -> None:
    await service.pump.stop()
    await service.realtime.stop()


async def _bought(service: QueueService, messages: Sequence[Message]) -> None:
    """Whoever has bought makes room. Redis only: the script itself applies a purchase at most once."""
    purchases = [to_purchase(message) for message in messages]
    await asyncio.gather(*(service.waiting_room.bought(purchase) for purchase in purchases))


async def _event_gone(service: QueueService, messages: Sequence[Message]) -> None:
    """Nobody need wait for what will not take place. Closing an empty room changes nothing."""
    for message in messages:
        # Both name the event, and this struct asks for nothing else.
        payload = EventDeleted.model_validate(dict(message.payload), strict=False)
        await service.waiting_room.close(EventId(payload.event_id))


def to_purchase(message: Message) -> Purchase:
    """A `reservation.confirmed` as the waiting room understands it; ValueError for any other payload."""
    payload = ReservationConfirmed.model_validate(dict(message.payload), strict=False)
    return Purchase(
        event_id=EventId(payload.event_id),
        user_id=UserId(payload.user_id),
        reservation_id=payload.reservation_id,
        confirmed_at_ms=message.occurred_at_ms,
    )


SPEC: Final[ServiceSpec[QueueService, Resources]] = ServiceSpec(
    name="queue",
    uses_redis=True,
    build=build,
    routes=ROUTES,
    raw_routes=lambda service, verifier: service.realtime.routes(verifier),
    start=lambda service: service.realtime.start(),
    stop=_stop,
    tasks=_tasks,
    gauges=_gauges,
    listens={
        "reservation.confirmed": _bought,
        "event.cancelled": _event_gone,
        "event.deleted": _event_gone,
    },
    outbox=lambda service: service.admissions,
)
