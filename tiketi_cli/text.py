"""How values look to a person: money, moments, durations. Machines read `--json` instead."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tiketi_cli.errors import UsageError

if TYPE_CHECKING:
    from tiketi_sdk.contract.event import Event
    from tiketi_sdk.contract.queue import Place
    from tiketi_sdk.contract.reservation import Reservation

_USERINFO = re.compile(r"://(?:([^:/@]*):)?.*@", re.DOTALL)
_IN_QUERY = re.compile(r"(?i)([?&][^=&]*(?:pass|token|secret|key)[^=&]*)=[^&#]*")
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def won(amount: int) -> str:
    """`10,000원`."""
    return f"{amount:,}원"


def points(amount: int) -> str:
    """`10,000 P`."""
    return f"{amount:,} P"


def signed_points(amount: int) -> str:
    """`+10,000 P`, for changes."""
    return f"{amount:+,} P"


def when(moment: datetime | None) -> str:
    """A moment in the time zone of this machine: `2026-05-01 20:00:00 KST`."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if moment is not None else "–"


def at(moment: datetime) -> str:
    """The same without the zone, for tables: `2026-05-01 20:00:00`."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock(at_ms: int) -> str:
    """The time of day in the time zone of this machine: `20:00:00`."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


def lasting(seconds: float) -> str:
    """`3 s`, `4 min 05 s`, `2 h 03 min`, `5 d 06 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600:02} h"


def without_password(value: str) -> str:
    """An address without what it says of a user's password or token; any other text as it is.

    It is not taken apart as a URL: a password that nobody quoted makes one that cannot be.
    """
    shown = _USERINFO.sub(lambda found: f"://{found[1] + ':' if found[1] else ''}…@", value)
    return _IN_QUERY.sub(r"\1=…", shown)


def moment(text: str, *, now: datetime | None = None) -> datetime:
    """`now`, `+2h`, `+30d`, or an ISO date and time, in this machine's zone unless it names one."""
    now = now or datetime.now(UTC)
    if text == "now":
        return now
    if text.startswith("+") and text[-1] in _UNITS_S and text[1:-1].isdecimal():
        return now + timedelta(seconds=int(text[1:-1]) * _UNITS_S[text[-1]])
    try:
        parsed = datetime.fromisoformat(text)
        return parsed if parsed.tzinfo is not None else parsed.astimezone()
    except (ValueError, OverflowError):
        raise UsageError(
            f"not a time: {text!r}",
            'write now, +30m, +2h, +7d or a date such as "2026-12-24 19:00"',
        ) from None


def event_rows(event: "Event") -> dict[str, object]:
    """An event that was just announced or changed."""
    return {
        "id": event.id,
        "title": event.title,
        "status": event.status,
        "on sale": f"{when(event.on_sale_at)} to {when(event.sale_ends_at)}",
    }


def reservation_rows(found: "Reservation") -> dict[str, object]:
    """A reservation with its seats."""
    return {
        "id": found.id,
        "number": found.number,
        "event": found.event_id,
        "status": found.status,
        "price": won(found.total_price),
        "seats": ", ".join(f"{each.section} {each.row}-{each.number}" for each in found.seats),
        "pay until": when(found.expires_at) if found.status == "PENDING" else None,
        "payment": found.payment_id,
    }


def place_rows(place: "Place") -> dict[str, object]:
    """A place in a waiting room as names and values; a None is not shown."""
    return {
        "state": place.state,
        "position": f"{place.position:,} of {place.waiting_count:,}" if place.position else None,
        "about": lasting(place.eta_s) if place.eta_s is not None else None,
        "at the latest, likely": lasting(place.eta_p90_s) if place.eta_p90_s is not None else None,
        "draw at": when(place.opens_at) if place.opens_at else None,
        "your draw id": place.draw_id,
        "commitment": place.draw_commitment,
        "until": when(place.session_expires_at) if place.session_expires_at else None,
    }
