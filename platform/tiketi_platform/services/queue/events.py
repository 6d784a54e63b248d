"""What the queue service knows of events: the `EventCatalogue` port over the event service's answers."""

from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.ports import Sale
from tiketi_platform.adapters.peers.events import EVENTS_MAX, EventCatalogue
from tiketi_platform.services.queue.translate import to_ms
from tiketi_sdk.contract.event import Event

_NEVER: Final = frozenset({"cancelled", "ended"})
"""Not sold_out: a seat may be given back, and whoever waits for one does so in line."""


@dataclass(frozen=True, slots=True)
class _Window:
    """When an event sells; reckoned once an answer, not once a request."""

    event: Event
    opens_at_ms: int
    ends_at_ms: int


class SaleCatalogue:
    """Judges the sale window by our own clock, because an answer may be a moment old."""

    def __init__(self, events: EventCatalogue, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._windows: dict[EventId, _Window] = {}

    async def sale(self, event_id: EventId) -> Sale:
        """Whether tickets of the event can be bought now."""
        window = await self._window(event_id)
        if window is None:
            return Sale.UNKNOWN_EVENT
        now_ms = self._clock.now_ms()
        if window.event.status in _NEVER or now_ms >= window.ends_at_ms:
            return Sale.NOT_ON_SALE
        return Sale.ON_SALE if now_ms >= window.opens_at_ms else Sale.UPCOMING

    async def on_sale_at_ms(self, event_id: EventId) -> int:
        """When the sale begins, as it is now: it may have been moved a moment ago. 0: the event is gone."""
        window = await self._window(event_id, anew=True)
        return 0 if window is None else window.opens_at_ms

    async def _window(self, event_id: EventId, *, anew: bool = False) -> _Window | None:
        event = await self._events.find(event_id, anew=anew)
        if event is None:
            return None
        window = self._windows.get(event_id)
        if window is None or window.event is not event:
            window = self._remembered(event_id, event)
        return window

    def _remembered(self, event_id: EventId, event: Event) -> _Window:
        while len(self._windows) >= EVENTS_MAX:
            del self._windows[next(iter(self._windows))]
        window = _Window(event, to_ms(event.on_sale_at), to_ms(event.sale_ends_at))
        self._windows[event_id] = window
        return window
