"""What the catalogue needs of the world: a place where events are kept."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.event.model import CreationKey, Event, NewEvent, Search
from tiketi_core.kernel.ids import EventId


class Events(Protocol):
    """Keeps events; each method is one atomic step."""

    async def create(self, event: NewEvent, key: CreationKey) -> Event:
        """Announce it; the event of the first time when the key was used for the same before.

        Raises IdempotencyKeyReusedError.
        """
        ...

    async def get(self, event_id: EventId) -> Event | None: ...

    async def find(self, search: Search, *, now_ms: int) -> Sequence[Event]:
        """At most `limit` events whose status at `now_ms` is the one asked for, newest sale first."""
        ...
