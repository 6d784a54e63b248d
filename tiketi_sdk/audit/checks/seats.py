"""Seats: nobody's twice, and the seat rows, the reservations and the tickets tell the same story."""

from collections import defaultdict
from collections.abc import Iterator

from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.report import Finding
from tiketi_sdk.contract.reservation import AuditedReservation

_STATE_OF = {"CONFIRMED": "sold", "PENDING": "held"}


def sold_once(evidence: Evidence) -> Iterator[Finding]:
    """Each seat is in at most one living (pending or confirmed) reservation."""
    for seat_id, owners in _owners(evidence).items():
        if len(owners) > 1:
            numbers = ", ".join(owner.number for owner in owners)
            yield Finding(
                f"seat {seat_id} is in {len(owners)} living reservations: {numbers}", tuple(owners)
            )


def rows_agree(evidence: Evidence) -> Iterator[Finding]:
    """A seat is sold, held or available exactly as the reservation that has it says."""
    owners = _owners(evidence)
    for seat in evidence.seats:
        mine = owners.get(seat.seat_id, [])
        expected: set[tuple[str, int | None]] = {
            (_STATE_OF[owner.status], owner.reservation_id) for owner in mine
        } or {("available", None)}
        if (seat.status, seat.reservation_id) not in expected:
            said = " or ".join(f"{state} by {owner}" for state, owner in sorted(expected, key=str))
            yield Finding(
                f"seat {seat.seat_id} is {seat.status} by {seat.reservation_id}, the reservations say {said}",
                (seat, *mine),
            )
    known = {seat.seat_id for seat in evidence.seats}
    for seat_id in owners.keys() - known:
        yield Finding(f"seat {seat_id} is reserved and does not exist", tuple(owners[seat_id]))


def tickets_match(evidence: Evidence) -> Iterator[Finding]:
    """A confirmed reservation has a ticket for each of its seats, any other has none."""
    for reservation in evidence.reservations:
        expected = len(reservation.seat_ids) if reservation.status == "CONFIRMED" else 0
        if reservation.ticket_count != expected:
            yield Finding(
                f"reservation {reservation.number} ({reservation.status}) has {reservation.ticket_count} "
                f"tickets, not {expected}",
                (reservation,),
            )


def _owners(evidence: Evidence) -> dict[int, list[AuditedReservation]]:
    owners: dict[int, list[AuditedReservation]] = defaultdict(list)
    for reservation in evidence.reservations:
        if reservation.status in _STATE_OF:
            for seat_id in reservation.seat_ids:
                owners[seat_id].append(reservation)
    return owners
