"""Puts an event on sale at once: announced, seated, its waiting room told how many to let in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.contract.event import Event


@dataclass(frozen=True, slots=True)
class Sale:
    """An event on sale, with its seats."""

    event: Event
    seats_count: int


def put_on_sale(
    client: Tiketi,
    *,
    layout: str,
    capacity: int,
    title: str = "가을밤 콘서트",
    admit_per_second: int = 1_000,
    session_ttl_s: int = 300,
    seats_per_user_max: int = 4,
) -> Sale:
    """An event that sells from this second on for a day; the waiting room lets `capacity` people in.

    An administrator's. Raises `LayoutNotFoundError` for a hall that does not exist.
    """
    now = datetime.now(UTC)
    event = client.events.create(
        title=title,
        artist="새벽밴드",
        venue="tiketi 홀",
        # A second ago, so that no clock of another machine finds it upcoming.
        on_sale_at=now - timedelta(seconds=1),
        sale_ends_at=now + timedelta(days=1),
        starts_at=now + timedelta(days=2),
        seats_per_user_max=seats_per_user_max,
    )
    seats = client.seats.generate(event.id, layout=layout)
    client.queue.set_policy(
        event.id,
        capacity=capacity,
        admit_per_second=admit_per_second,
        session_ttl_s=session_ttl_s,
        waiting_max=1_000_000,
        state="open",
    )
    return Sale(event, seats.seats_count)
