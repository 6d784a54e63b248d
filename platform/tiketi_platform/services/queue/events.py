"""What the queue service knows of events: the `EventCatalogue` port over the event service's answers."""

from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.ports import Sale
from tiketi_platform.adapters.peers.events import EVENTS_MAX, EventCatalogue
from tiketi_sdk.contract.event import Event

_NEVER: Final = frozenset({"cancelled", "ended"})
"""Not sold_out: a seat may be given back, and whoever waits for one does so in line."""


@dataclass(frozen=True, slots=True)
class _Window:
    """When an event sells; reckoned once an answer, not once a request."""

    event: Event
    opens_at_ms: float
    ends_at_ms: float


class SaleCatalogue:
    """Judges the sale window by our own clock, because an answer may be a moment old."""

    def __init__(self, events: EventCatalogue, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._windows: dict[EventId, _Window] = {}

    async def sale(self, event_id: EventId) -> Sale:
        """Whether tickets of the event can be bought now."""
        event = await self._events.find(event_id)
        if event is None:
            return Sale.UNKNOWN_EVENT
        window = self._windows.get(event_id)
        if window is None or window.event is not event:
            window = self._remembered(event_id, event)
        now_ms = self._clock.now_ms()
        if event.status in _NEVER or now_ms >= window.ends_at_ms:
            return Sale.NOT_ON_SALE
        return Sale.ON_SALE if now_ms >= window.opens_at_ms else Sale.UPCOMING

    def _remembered(self, event_id: EventId, event: Event) -> _Window:
        while len(self._windows) >= EVENTS_MAX:
            del self._windows[next(iter(self._windows))]
        opens_at_ms = event.on_sale_at.timestamp() * 1000
        window = _Window(event, opens_at_ms, event.sale_ends_at.timestamp() * 1000)
        self._windows[event_id] = window
        return window
