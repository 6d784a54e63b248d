"""The event service's operations: what is on, where, and from when to when it sells."""

from typing import Annotated, Literal

from pydantic import Field

from tiketi_sdk.contract.fields import Cursor, Id, Instant, Limit, Page, Query, Text, Title
from tiketi_sdk.contract.operation import Operation, Request, Wire

EventStatus = Literal["upcoming", "on_sale", "sold_out", "ended", "cancelled"]


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
    """As of the moment of the answer: upcoming before `on_sale_at`, ended from `sale_ends_at` on."""
    created_at: Instant
    updated_at: Instant
    version: int


class CreateEventRequest(Request):
    """A new event; `on_sale_at` < `sale_ends_at` ≤ `starts_at`."""

    title: Title
    artist: Title
    venue: Title
    description: Text = ""
    starts_at: Instant
    on_sale_at: Instant
    sale_ends_at: Instant
    seats_per_user_max: Annotated[int, Field(ge=1, le=8)] = 4


class ListEventsRequest(Request):
    """Which events, newest sale first."""

    status: EventStatus | None = None
    q: Query | None = None
    """Words in title, artist or venue, Korean or English, any case."""
    cursor: Cursor | None = None
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
