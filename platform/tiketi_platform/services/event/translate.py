"""Between the contract's structs and the core's events; the one place that knows both."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Final

import orjson

from tiketi_core.event import rules
from tiketi_core.event.model import (
    CreationKey,
    Event,
    EventChange,
    Listing,
    NewEvent,
    NewNews,
    Position,
    Search,
)
from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_platform.framework.cursors import place_in, to_cursor
from tiketi_platform.framework.moments import to_instant, to_ms
from tiketi_sdk.contract import event as wire
from tiketi_sdk.contract.fields import Page

_LIST: Final = "events"


def to_wire(event: Event, *, now_ms: int) -> wire.Event:
    """An event with its status at `now_ms`."""
    return wire.Event(
        id=event.id,
        title=event.title,
        artist=event.artist,
        venue=event.venue,
        description=event.description,
        starts_at=to_instant(event.starts_at_ms),
        on_sale_at=to_instant(event.on_sale_at_ms),
        sale_ends_at=to_instant(event.sale_ends_at_ms),
        seats_per_user_max=event.seats_per_user_max,
        status=rules.status_at(event, now_ms),
        created_at=to_instant(event.created_at_ms),
        updated_at=to_instant(event.updated_at_ms),
        version=event.version,
        price_min=event.price_min,
        price_max=event.price_max,
        image_url=event.image_url,
        cancel_reason=event.cancel_reason,
    )


def to_page(listing: Listing, *, now_ms: int) -> Page[wire.Event]:
    """A page with the cursor of the next."""
    return Page[wire.Event](
        items=tuple(to_wire(event, now_ms=now_ms) for event in listing.events),
        next_cursor=None if listing.next is None else to_page_cursor(listing.next),
    )


def right_until_ms(events: Iterable[Event], *, now_ms: int) -> int | None:
    """When the first of these statuses changes; None when none ever does."""
    changes = (rules.next_change_ms(event, now_ms) for event in events)
    return min((change for change in changes if change is not None), default=None)


def to_new(request: wire.CreateEventRequest) -> NewEvent:
    """An announcement; moments are cut to the millisecond."""
    return NewEvent(
        title=request.title,
        artist=request.artist,
        venue=request.venue,
        description=request.description,
        starts_at_ms=to_ms(request.starts_at),
        on_sale_at_ms=to_ms(request.on_sale_at),
        sale_ends_at_ms=to_ms(request.sale_ends_at),
        seats_per_user_max=request.seats_per_user_max,
        image_url=request.image_url,
    )


def to_change(request: wire.UpdateEventRequest) -> EventChange:
    """A change; moments are cut to the millisecond."""
    return EventChange(
        title=request.title,
        artist=request.artist,
        venue=request.venue,
        description=request.description,
        starts_at_ms=_ms_or_none(request.starts_at),
        on_sale_at_ms=_ms_or_none(request.on_sale_at),
        sale_ends_at_ms=_ms_or_none(request.sale_ends_at),
        seats_per_user_max=request.seats_per_user_max,
        image_url=request.image_url,
    )


def to_key(new: NewEvent | NewNews, user_id: UserId, key: str | None) -> CreationKey:
    """The key of an announcement; the same moment in another time zone is the same announcement."""
    # What is not said is not hashed: a field we learn tomorrow must not change today's requests.
    said = {name: value for name, value in asdict(new).items() if value is not None}
    content = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return CreationKey(user_id=user_id, key=key, request_hash=hashlib.sha256(content).digest())


def to_search(request: wire.ListEventsRequest) -> Search:
    """What is asked for; InvalidRequestError for a cursor that we did not give."""
    if request.cursor is not None and request.page is not None:
        raise InvalidRequestError("give either cursor or page", field="page")
    return Search(
        status=request.status,
        words=() if request.q is None else rules.words(request.q),
        venue_words=() if request.venue is None else rules.words(request.venue),
        starts_from_ms=_ms_or_none(request.starts_from),
        starts_before_ms=_ms_or_none(request.starts_before),
        price_min=request.price_min,
        price_max=request.price_max,
        below=None if request.cursor is None else from_page_cursor(request.cursor),
        skip=((request.page or 1) - 1) * request.limit,
        limit=request.limit,
    )


def to_page_cursor(position: Position) -> str:
    """An opaque cursor."""
    return to_cursor(_LIST, position.on_sale_at_ms, position.id)


def from_page_cursor(cursor: str) -> Position:
    """Where a page ended; InvalidRequestError for a cursor that we did not give."""
    on_sale_at_ms, event_id = place_in(_LIST, cursor, numbers_count=2)
    if on_sale_at_ms > rules.MOMENT_MS_MAX:
        raise InvalidRequestError("is not a cursor of this listing", field="cursor")
    return Position(on_sale_at_ms=on_sale_at_ms, id=EventId(event_id))


def _ms_or_none(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)
