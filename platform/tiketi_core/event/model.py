"""Events and pages of them as values; moments are milliseconds since the epoch, UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tiketi_core.kernel.ids import EventId, UserId

Status = Literal["upcoming", "on_sale", "sold_out", "ended", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What an event is announced with. `on_sale_at_ms < sale_ends_at_ms <= starts_at_ms`."""

    title: str
    artist: str
    venue: str
    description: str
    starts_at_ms: int
    on_sale_at_ms: int
    sale_ends_at_ms: int
    seats_per_user_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(NewEvent):
    """An announced event."""

    id: EventId
    is_cancelled: bool
    version: int
    """Rises with every change."""
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationKey:
    """By what a repeated announcement is recognised."""

    user_id: UserId
    key: str | None
    """None: every announcement is a new event."""
    request_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page ended: below this sale, and among those of the same moment below this id."""

    on_sale_at_ms: int
    id: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which events."""

    status: Status | None = None
    words: Sequence[str] = ()
    """Folded as `rules.words` does; all of them must be found."""
    below: Position | None = None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page, newest sale first."""

    events: Sequence[Event]
    next: Position | None
    """None on the last page."""
