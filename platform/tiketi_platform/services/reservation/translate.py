"""Wire ↔ domain for seats, reservations and tickets; decides nothing."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import segno

from tiketi_core.kernel.ids import EventId, SeatId
from tiketi_core.reservation import model, rules
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.moments import to_instant
from tiketi_sdk.contract import reservation as wire
from tiketi_sdk.contract.operation import Wire

ItemT = TypeVar("ItemT", bound=Wire)


def layouts_wire(layouts: Mapping[str, model.Layout]) -> wire.Layouts:
    return wire.Layouts(
        items=tuple(
            wire.Layout(
                name=layout.name,
                title=layout.title,
                seats_count=layout.seats_count,
                sections=tuple(
                    wire.Section(
                        name=section.name,
                        rows=section.rows,
                        seats_per_row=section.seats_per_row,
                        price=section.price,
                        start_row=section.start_row,
                    )
                    for section in layout.sections
                ),
            )
            for layout in layouts.values()
        )
    )


def to_wish(call: Call[wire.ReserveRequest]) -> model.Wish:
    """What the user wants; seats in the order of their ids."""
    body, best = call.body, call.body.best_available
    event_id = EventId(body.event_id)
    if best is not None:
        return model.Wish(
            event_id=event_id, user_id=call.user_id, count=best.count, section=best.section
        )
    assert body.seat_ids is not None, "the struct demands one of the two"
    seat_ids = tuple(SeatId(seat_id) for seat_id in sorted(body.seat_ids))
    return model.Wish(
        event_id=event_id, user_id=call.user_id, count=len(seat_ids), seat_ids=seat_ids
    )


def to_key(call: Call[wire.ReserveRequest]) -> model.RequestKey | None:
    """The request's key. Fields at their default are not in the hash, so later fields change no hash."""
    if call.idempotency_key is None:
        return None
    body = call.body.model_dump_json(exclude_defaults=True)
    return model.RequestKey(call.idempotency_key, hashlib.sha256(body.encode()).digest())


def reservation_wire(held: model.Reservation, *, now_ms: int) -> wire.Reservation:
    """A reservation as it is at this moment."""
    return wire.Reservation(
        id=held.id,
        number=held.number,
        event_id=held.event_id,
        user_id=held.user_id,
        status=rules.status_at(held, now_ms=now_ms),
        total_price=held.total_price,
        seats=tuple(_seat_wire(seat) for seat in held.seats),
        expires_at=to_instant(held.expires_at_ms),
        payment_id=held.payment_id,
        created_at=to_instant(held.created_at_ms),
        version=held.version,
    )


def ticket_wire(ticket: model.Ticket, qr: str, *, with_svg: bool = False) -> wire.Ticket:
    return wire.Ticket(
        id=ticket.id,
        reservation_id=ticket.reservation_id,
        event_id=ticket.event_id,
        seat=_seat_wire(ticket.seat),
        status=ticket.status,
        qr=qr,
        qr_svg=_svg(qr) if with_svg else None,
        used_at=None if ticket.used_at_ms is None else to_instant(ticket.used_at_ms),
    )


def seat_map_wire(event_id: EventId, plan: model.SeatPlan) -> wire.SeatMap:
    """The map with a letter per seat; what comes from our own tables is not validated again."""
    sections, begin = [], 0
    for block in plan.blocks:
        rows = []
        for index in range(block.rows):
            end = begin + block.seats_per_row
            rows.append(
                wire.SeatRow.model_construct(
                    row=block.start_row + index,
                    first_seat_id=block.first_seat_id + index * block.seats_per_row,
                    states=plan.states[begin:end],
                )
            )
            begin = end
        sections.append(
            wire.SeatSection.model_construct(name=block.name, price=block.price, rows=tuple(rows))
        )
    return wire.SeatMap.model_construct(
        event_id=event_id,
        version=plan.version,
        available_count=plan.states.count("a"),
        held_count=plan.states.count("h"),
        sold_count=plan.states.count("s"),
        sections=tuple(sections),
    )


def audited(kind: type[ItemT], rows: Sequence[Mapping[str, Any]]) -> tuple[ItemT, ...]:
    """Rows whose columns have the struct's names; the database's CHECKs have judged the values."""
    return tuple(kind.model_construct(None, **_cells(row)) for row in rows)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's values by name; the driver's arrays are lists, the structs' are tuples."""
    return {name: tuple(cell) if isinstance(cell, list) else cell for name, cell in row.items()}


def _seat_wire(seat: model.Seat) -> wire.Seat:
    return wire.Seat(
        seat_id=seat.seat_id,
        section=seat.section,
        row=seat.row,
        number=seat.number,
        price=seat.price,
    )


def _svg(text: str) -> str:
    out = io.BytesIO()
    # A given mask: readers take any of the eight, and trying them all is three quarters of the work.
    segno.make(text, error="m", micro=False, mask=3).save(out, kind="svg", xmldecl=False, scale=4)
    return out.getvalue().decode()
