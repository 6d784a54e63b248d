"""What the reservation service knows of events: the `Sales` port over the event service's answers."""

from tiketi_core.kernel.ids import EventId
from tiketi_core.reservation.model import Sale
from tiketi_platform.adapters.peers.events import EventCatalogue
from tiketi_platform.framework.moments import to_ms


class CataloguedSales:
    """Passes on times instead of a status, because an answer may be a moment old."""

    def __init__(self, events: EventCatalogue) -> None:
        self._events = events

    async def find(self, event_id: EventId) -> Sale | None:
        event = await self._events.find(event_id)
        if event is None:
            return None
        return Sale(
            event_id=event_id,
            on_sale_at_ms=to_ms(event.on_sale_at),
            sale_ends_at_ms=to_ms(event.sale_ends_at),
            starts_at_ms=to_ms(event.starts_at),
            is_cancelled=event.status == "cancelled",
            seats_per_user_max=event.seats_per_user_max,
        )
