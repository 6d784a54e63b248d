"""What an event's status is at a moment, which times make sense, and what a search compares; pure."""

import unicodedata
from typing import Final

from tiketi_core.event.model import Event, NewEvent, Status
from tiketi_core.kernel.errors import InvalidRequestError

MOMENT_MS_MIN: Final = 946_684_800_000
"""2000-01-01, UTC."""
MOMENT_MS_MAX: Final = 7_258_118_400_000
"""2200-01-01, UTC."""


def status_at(event: Event, now_ms: int) -> Status:
    """The status at a moment: on sale from `on_sale_at` on, ended from `sale_ends_at` on."""
    if event.is_cancelled:
        return "cancelled"
    if now_ms < event.on_sale_at_ms:
        return "upcoming"
    return "on_sale" if now_ms < event.sale_ends_at_ms else "ended"


def next_change_ms(event: Event, now_ms: int) -> int | None:
    """When the status changes next by itself; None when it never will."""
    if event.is_cancelled:
        return None
    changes = (event.on_sale_at_ms, event.sale_ends_at_ms)
    return next((change for change in changes if now_ms < change), None)


def check_times(event: NewEvent) -> None:
    """Raises InvalidRequestError naming the field unless on_sale_at < sale_ends_at <= starts_at."""
    moments = {
        "starts_at": event.starts_at_ms,
        "on_sale_at": event.on_sale_at_ms,
        "sale_ends_at": event.sale_ends_at_ms,
    }
    for field, moment_ms in moments.items():
        if not MOMENT_MS_MIN <= moment_ms < MOMENT_MS_MAX:
            raise InvalidRequestError("must lie in the years 2000 to 2199", field=field)
    if event.on_sale_at_ms >= event.sale_ends_at_ms:
        raise InvalidRequestError("must be after on_sale_at", field="sale_ends_at")
    if event.sale_ends_at_ms > event.starts_at_ms:
        raise InvalidRequestError("must not be after starts_at", field="sale_ends_at")


def search_text(event: NewEvent) -> str:
    """What is searched in, so that spelling, case and composition make no difference."""
    return "\n".join(fold(text) for text in (event.title, event.artist, event.venue))


def words(query: str) -> tuple[str, ...]:
    """What is searched for, each word once, the longest first: it narrows the most."""
    return tuple(sorted(set(fold(query).split()), key=lambda word: (-len(word), word)))


def fold(text: str) -> str:
    """Any case, full or half width, and Hangul in syllables or in letters become one spelling."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
