"""What the queue service knows of events: the `EventCatalogue` port over the event service's answers."""

from typing import Final

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.ports import Sale
from tiketi_platform.adapters.peers.events import EventCatalogue

_NEVER: Final = frozenset({"sold_out", "cancelled", "ended"})


class SaleCatalogue:
    """Judges the sale window by our own clock, because an answer may be a moment old."""

    def __init__(self, events: EventCatalogue, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def sale(self, event_id: EventId) -> Sale:
        """Whether tickets of the event can be bought now."""
        event = await self._events.find(event_id)
        if event is None:
            return Sale.UNKNOWN_EVENT
        now_s = self._clock.now_ms() / 1000
        if event.status in _NEVER or now_s >= event.sale_ends_at.timestamp():
            return Sale.NOT_ON_SALE
        return Sale.ON_SALE if now_s >= event.on_sale_at.timestamp() else Sale.UPCOMING
