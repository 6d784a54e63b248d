"""What the payment service is; the composition root reads this and nothing else of it."""

from collections.abc import Callable, Sequence
from typing import Final

from tiketi_core.kernel.ids import PaymentId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.spec import Listener, ServiceSpec
from tiketi_platform.services.payment.routes import ROUTES
from tiketi_platform.services.payment.service import PaymentService, build, close
from tiketi_platform.services.payment.tasks import tasks
from tiketi_platform.services.payment.translate import cancelled_reservation, refused_reservation


def _refunding(
    wanted: Callable[[Message], tuple[PaymentId, str] | None],
) -> Listener[PaymentService]:
    async def listen(service: PaymentService, messages: Sequence[Message]) -> None:
        # Recorded here, finished by the task: a silent gateway must not hold up the stream.
        await service.books.begin_whole_refunds(messages, wanted)

    return listen


SPEC: Final[ServiceSpec[PaymentService, Resources]] = ServiceSpec(
    name="payment",
    schema="payment",
    uses_redis=True,
    build=build,
    routes=ROUTES,
    tasks=tasks,
    gauges=lambda service: service.watch.gauges(),
    stop=close,
    listens={
        "reservation.refused": _refunding(refused_reservation),
        "reservation.cancelled": _refunding(cancelled_reservation),
    },
)
