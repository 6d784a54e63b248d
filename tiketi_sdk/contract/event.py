"""The event service's operations: what is on, where, and from when to when it sells."""

from typing import Annotated, Literal

from pydantic import Field

from tiketi_sdk.contract.fields import (
    Cursor,
    Id,
    ImageUrl,
    Instant,
    Limit,
    NewImageUrl,
    Page,
    PageNumber,
    Price,
    Query,
    Reason,
    Text,
    Title,
)
from tiketi_sdk.contract.operation import Operation, Request, Wire

EventStatus = Literal["upcoming", "on_sale", "sold_out", "ended", "cancelled"]
SeatsPerUser = Annotated[int, Field(ge=1, le=8)]


class Event(Wire):
    """Something tickets are sold for."""

    id: int
    title: str
    artist: str
    venue: str
    description: str
    starts_at: Instant
    """When the doors open."""
    on_sale_at: Instant
    sale_ends_at: Instant
    """The first moment at which nothing is sold any more."""
    seats_per_user_max: int
    status: EventStatus
    """As of the moment of the answer: upcoming before `on_sale_at`, ended from `sale_ends_at` on.

    sold_out while no seat is left unsold; back to on_sale when one is given back.
    """
    created_at: Instant
    updated_at: Instant
    version: int
    """Rises with every change by an administrator; `If-Match: "<version>"` guards a change."""
    price_min: int | None = None
    """Of the cheapest seat, in won; None until seats are generated."""
    price_max: int | None = None
    image_url: str | None = None
    cancel_reason: str | None = None


class CreateEventRequest(Request):
    """A new event; `on_sale_at` < `sale_ends_at` ≤ `starts_at`."""

    title: Title
    artist: Title
    venue: Title
    description: Text = ""
    starts_at: Instant
    on_sale_at: Instant
    sale_ends_at: Instant
    seats_per_user_max: SeatsPerUser = 4
    image_url: ImageUrl | None = None


class UpdateEventRequest(Request):
    """What to change; what is left out stays. Together with what stays the times must make sense."""

    event_id: Id
    title: Title | None = None
    artist: Title | None = None
    venue: Title | None = None
    description: Text | None = None
    starts_at: Instant | None = None
    on_sale_at: Instant | None = None
    sale_ends_at: Instant | None = None
    seats_per_user_max: SeatsPerUser | None = None
    image_url: NewImageUrl | None = None
    """The empty text takes the image away."""


class CancelEventRequest(Request):
    """Which event will not take place, and why."""

    event_id: Id
    reason: Reason = "the event was cancelled"


class ListEventsRequest(Request):
    """Which events, newest sale first; all that is asked for must hold."""

    status: EventStatus | None = None
    q: Query | None = None
    """Words in title, artist or venue, Korean or English, any case; 싸이 finds PSY."""
    venue: Query | None = None
    """Words in the venue."""
    starts_from: Instant | None = None
    """Doors at this moment or later."""
    starts_before: Instant | None = None
    """Doors before this moment."""
    price_min: Price | None = None
    """Events with a seat that costs at least this many won."""
    price_max: Price | None = None
    """Events with a seat that costs at most this many won."""
    cursor: Cursor | None = None
    page: PageNumber | None = None
    """1 is the first page. For small listings; `cursor` neither skips nor repeats when events are added."""
    limit: Limit = 20


class EventRequest(Request):
    """Which event."""

    event_id: Id


CREATE = Operation(
    name="events.create", method="POST", path="/api/events", request=CreateEventRequest, response=Event,
    access="admin", status=201, idempotency="optional", summary="Announce an event.",
)  # fmt: skip
LIST = Operation(
    name="events.list", method="GET", path="/api/events", request=ListEventsRequest, response=Page[Event],
    access="public", summary="List and search events.",
)  # fmt: skip
GET = Operation(
    name="events.get", method="GET", path="/api/events/{event_id}", request=EventRequest, response=Event,
    access="public", errors=("event_not_found",), summary="One event.",
)  # fmt: skip
UPDATE = Operation(
    name="events.update", method="PATCH", path="/api/events/{event_id}", request=UpdateEventRequest, response=Event,
    access="admin", conditional=True, errors=("event_not_found", "event_cancelled"),
    summary="Change an event; If-Match guards against overwriting somebody else's change.",
)  # fmt: skip
CANCEL = Operation(
    name="events.cancel", method="POST", path="/api/events/{event_id}/cancel", request=CancelEventRequest,
    response=Event, access="admin", conditional=True, errors=("event_not_found",),
    same_twice=True, summary="Cancel an event: its reservations are given back, payments refunded, its waiting room closed.",
)  # fmt: skip
DELETE = Operation(
    name="events.delete", method="DELETE", path="/api/events/{event_id}", request=EventRequest, response=Event,
    access="admin", conditional=True, errors=("event_not_found", "event_in_use"),
    summary="Remove an event that never had seats.",
)  # fmt: skip
