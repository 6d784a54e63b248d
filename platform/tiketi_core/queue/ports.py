"""What the waiting room needs of the world; each port is implemented by an adapter."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.model import (
    Gathering,
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Purchase,
    ReceiptPage,
    Refusal,
    Tally,
    TooEarly,
    Was,
)


class Room(Protocol):
    """The waiting rooms of all events. Each method is one atomic step, and safe to repeat.

    `now_ms` is the caller's clock, which the store may set aside for its own, so that callers need not
    agree; a room's clock never runs backwards in any case. A room comes into being, with the default policy, when it is first entered, looked at or given a policy.
    Every method raises QueueUnavailableError when the store does not answer in bounded time.
    """

    async def enter(
        self,
        event_id: EventId,
        user_ids: Sequence[UserId],
        *,
        now_ms: int,
        before_sale: bool = False,
    ) -> Sequence[Placement | Refusal]:
        """Take users in, in this order; one answer each. Who has a place or a session keeps it.

        `before_sale` refuses newcomers where the line does not begin with a draw.
        """
        ...

    async def status(
        self, event_id: EventId, user_id: UserId, *, now_ms: int, polls: bool = True
    ) -> Placement | TooEarly | None:
        """Where a user stands, None if nowhere; the question counts as a sign of life.

        With `polls` it must not come before the time the last answer gave.
        """
        ...

    async def leave(self, event_id: EventId, user_id: UserId, *, now_ms: int) -> Was:
        """Give up a place or a session; what becomes free is filled in the same step.

        Raises QueueUnavailableError for who takes part in a draw that is under way.
        """
        ...

    async def clear(self, event_id: EventId, *, now_ms: int) -> bool:
        """Send away some of a closed room: those in line and those inside; whether there may be more.

        Raises QueueUnavailableError while a draw is under way.
        """
        ...

    async def draw(self, event_id: EventId, *, now_ms: int) -> bool:
        """Hold the draw that is due, and whether there was one; not while another replica holds it.

        Nobody sees a number before all are there. What was interrupted is simply done again.
        """
        ...

    async def gathering(self, event_id: EventId) -> Gathering | None:
        """What was committed to for the event's draw, None if it has none."""
        ...

    async def receipt(self, event_id: EventId, *, first: int, limit: int) -> ReceiptPage | None:
        """The draw that was held, with the numbers `first` to `first + limit - 1` or fewer; else None."""
        ...

    async def purchase(self, purchase: Purchase, *, now_ms: int) -> bool:
        """End the session of a purchase, and whether there was one. Said twice or late, it ends no other."""
        ...

    async def admit(self, event_id: EventId, *, now_ms: int) -> Pumped:
        """End sessions that are over and let in as many as room and rate allow, at most one batch."""
        ...

    async def set_policy(self, event_id: EventId, change: PolicyChange, *, now_ms: int) -> Policy:
        """Change the policy from the next admission on; no session ends by it.

        Raises LineFormedError, with nothing changed, when `opens_at_ms` comes too late.
        """
        ...

    async def tally(self, event_id: EventId, *, now_ms: int) -> Tally:
        """Count."""
        ...

    async def exists(self, event_id: EventId) -> bool:
        """Whether the event has a room; makes none."""
        ...

    async def log(self, event_id: EventId, *, after: str | None, limit: int) -> Sequence[LogLine]:
        """The next `limit` lines of the admission log after the id `after`, oldest first."""
        ...

    async def active(self) -> Sequence[EventId]:
        """The events whose rooms want pumping."""
        ...

    async def retire(self, event_id: EventId, *, now_ms: int) -> None:
        """Stop pumping a room that nobody entered lately; entering brings it back.

        What is left of it may be forgotten after `room_kept_s`.
        """
        ...


class Sale(Enum):
    """Whether tickets of an event can be bought now."""

    ON_SALE = "on_sale"
    UPCOMING = "upcoming"
    """Not yet: people may gather, or queue behind, where the line begins with a draw."""
    NOT_ON_SALE = "not_on_sale"
    UNKNOWN_EVENT = "unknown_event"


class EventCatalogue(Protocol):
    """What the event service says about an event. Asked on every enter: it answers from memory mostly."""

    async def sale(self, event_id: EventId) -> Sale:
        """Raises UnavailableError when nobody can tell."""
        ...

    async def on_sale_at_ms(self, event_id: EventId) -> int:
        """When the sale of a known event begins. Raises UnavailableError when nobody can tell."""
        ...


class EntryTokens(Protocol):
    """Signs what lets an admitted user through to reservation and payment."""

    def sign_entry(
        self, user_id: UserId, event_id: EventId, number: int, expires_at_ms: int
    ) -> str:
        """A token with the claims sub, event_id, number and exp (whole seconds, rounded down).

        `expires_at_ms` is at most the end of the session, and soon: a token is renewed by asking again.
        """
        ...
