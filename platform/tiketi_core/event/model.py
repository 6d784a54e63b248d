"""Events and pages of them as values; moments are milliseconds since the epoch, UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tiketi_core.kernel.ids import EventId, NewsId, UserId

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
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(NewEvent):
    """An announced event."""

    id: EventId
    is_cancelled: bool
    cancel_reason: str | None = None
    is_sold_out: bool = False
    """Whether it has seats and all of them are sold."""
    price_min: int | None = None
    """Of its seats, in won; None while it has none."""
    price_max: int | None = None
    version: int
    """Rises with every change an administrator makes."""
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """What is to be different; None leaves a value as it is."""

    title: str | None = None
    artist: str | None = None
    venue: str | None = None
    description: str | None = None
    starts_at_ms: int | None = None
    on_sale_at_ms: int | None = None
    sale_ends_at_ms: int | None = None
    seats_per_user_max: int | None = None
    image_url: str | None = None
    """Empty: there is to be none."""


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
    venue_words: Sequence[str] = ()
    starts_from_ms: int | None = None
    starts_before_ms: int | None = None
    price_min: int | None = None
    """With a seat that costs at least this many won."""
    price_max: int | None = None
    below: Position | None = None
    skip: int = 0
    """Events passed over before the page begins."""
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page, newest sale first."""

    events: Sequence[Event]
    next: Position | None
    """None on the last page."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of looking at the clock."""

    event_ids: Sequence[EventId]
    """Events whose status is another now, and was announced."""
    next_at_ms: int | None
    """When the clock changes a status next, perhaps in the past; None when it never will."""


@dataclass(frozen=True, slots=True)
class SeatsSold:
    """Seats of an event that were sold, or with a negative count given back."""

    event_id: EventId
    seats: int


@dataclass(frozen=True, slots=True)
class SeatsGenerated:
    """The seats an event has got."""

    event_id: EventId
    version: int
    seats_count: int
    price_min: int
    price_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNews:
    """News to publish."""

    title: str
    body: str
    is_pinned: bool
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News(NewNews):
    """Published news."""

    id: NewsId
    version: int
    created_at_ms: int
    updated_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsChange:
    """What is to be different; None leaves a value as it is."""

    title: str | None = None
    body: str | None = None
    is_pinned: bool | None = None
    image_url: str | None = None
    """Empty: there is to be none."""


@dataclass(frozen=True, slots=True)
class NewsPosition:
    """Where a page of news ended."""

    is_pinned: bool
    id: NewsId


@dataclass(frozen=True, slots=True)
class NewsListing:
    """One page: pinned first, then the newest."""

    news: Sequence[News]
    next: NewsPosition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One size of an image, ready to be kept."""

    name: str
    """SHA-256 of the content in hex, and the ending of its type."""
    content_type: str
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Pictures:
    """An image upright and without metadata, and its smaller sizes, the smallest first."""

    original: Picture
    variants: Sequence[Picture]
