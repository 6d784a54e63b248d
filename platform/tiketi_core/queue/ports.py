"""What the waiting room needs of the world; each port is implemented by an adapter."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.model import (
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Purchase,
    Refusal,
    Tally,
    Was,
)


class Room(Protocol):
    """The waiting rooms of all events. Each method is one atomic step, and safe to repeat.

    `now_ms` is the caller's clock; a room's own never runs backwards, whatever callers say. A room comes
    into being, with the default policy, when it is first entered, looked at or given a policy.
    Every method raises QueueUnavailableError when the store does not answer in bounded time.
    """

    async def enter(
        self, event_id: EventId, user_ids: Sequence[UserId], *, now_ms: int
    ) -> Sequence[Placement | Refusal]:
        """Take users in, in this order; one answer each. Who has a place or a session keeps it."""
        ...

    async def status(self, event_id: EventId, user_id: UserId, *, now_ms: int) -> Placement | None:
        """Where a user stands, None if nowhere; the question counts as a sign of life."""
        ...

    async def leave(self, event_id: EventId, user_id: UserId, *, now_ms: int) -> Was:
        """Give up a place or a session; what becomes free is filled in the same step."""
        ...

    async def purchase(self, purchase: Purchase, *, now_ms: int) -> bool:
        """End the session of a purchase, and whether there was one. Said twice or late, it ends no other."""
        ...

    async def admit(self, event_id: EventId, *, now_ms: int) -> Pumped:
        """End sessions that are over and let in as many as room and rate allow, at most one batch."""
        ...

    async def set_policy(self, event_id: EventId, change: PolicyChange, *, now_ms: int) -> Policy:
        """Change the policy from the next admission on; no session ends by it."""
        ...

    async def tally(self, event_id: EventId, *, now_ms: int) -> Tally:
        """Count."""
        ...

    async def log(self, event_id: EventId, *, after: str | None, limit: int) -> Sequence[LogLine]:
        """The next `limit` lines of the admission log after the id `after`, oldest first."""
        ...

    async def active(self) -> Sequence[EventId]:
        """The events whose rooms want pumping."""
        ...

    async def retire(self, event_id: EventId, *, now_ms: int) -> None:
        """Stop pumping a room that nobody entered lately; entering brings it back."""
        ...


class Sale(Enum):
    """Whether tickets of an event can be bought now."""

    ON_SALE = "on_sale"
    NOT_ON_SALE = "not_on_sale"
    UNKNOWN_EVENT = "unknown_event"


class EventCatalogue(Protocol):
    """What the event service says about an event. Asked on every enter: it answers from memory mostly."""

    async def sale(self, event_id: EventId) -> Sale:
        """Raises UnavailableError when nobody can tell."""
        ...


class EntryTokens(Protocol):
    """Signs what lets an admitted user through to reservation and payment."""

    def sign_entry(
        self, user_id: UserId, event_id: EventId, number: int, expires_at_ms: int
    ) -> str:
        """A token with the claims sub, event_id, number and exp (whole seconds, rounded down)."""
        ...
