"""Moments between the domain (whole milliseconds since 1970) and datetimes in UTC; exact, so never by floats."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Milliseconds since the Unix epoch, rounded down; TypeError for a datetime without a time zone."""
    # Not `timestamp()`: it rounds, and it fails near the calendar's ends.
    return (at - _EPOCH) // _MILLISECOND


def to_instant(at_ms: int) -> datetime:
    """The same moment in UTC, as the wire and PostgreSQL take it."""
    return _EPOCH + at_ms * _MILLISECOND
