"""The reservation service's operations, each bound to a use case; nothing but wire ↔ domain."""

from typing import Final

from tiketi_core.kernel.ids import EventId, ReservationId, TicketId, UserId
from tiketi_core.reservation import model
from tiketi_core.reservation.layouts import LAYOUTS
from tiketi_platform.framework import cursors
from tiketi_platform.framework.access import EntryOverError, EntryRequiredError
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.reservation import translate
from tiketi_platform.services.reservation.service import ReservationService
from tiketi_sdk.contract import reservation as wire
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Nothing, RequestT

_LAYOUTS: Final = translate.layouts_wire(LAYOUTS)


async def layouts(_service: ReservationService, _call: Call[Nothing]) -> wire.Layouts:
    return _LAYOUTS


async def generate(
    service: ReservationService, call: Call[wire.GenerateSeatsRequest]
) -> wire.GeneratedSeats:
    event_id = EventId(call.body.event_id)
    layout, generated = await service.seating.generate(event_id, call.body.layout)
    service.maps.changed(event_id)
    return wire.GeneratedSeats(
        event_id=event_id,
        layout=layout.name,
        seats_count=layout.seats_count,
        created_count=generated.created_count,
        removed_count=generated.removed_count,
    )


async def seat_map(service: ReservationService, call: Call[wire.SeatsRequest]) -> Reply:
    drawn = await service.maps.get(EventId(call.body.event_id))
    headers = {"ETag": drawn.etag, "Cache-Control": "no-cache"}
    if _matches(call.if_none_match, drawn.etag):
        return Reply(None, status=304, headers=headers)
    return Reply(drawn.body, headers=headers)


async def reserve(service: ReservationService, call: Call[wire.ReserveRequest]) -> wire.Reservation:
    if call.entry is None:
        held = await _answered(service, call)
        return translate.reservation_wire(held, now_ms=service.clock.now_ms())
    if call.entry.event_id != call.body.event_id:
        raise EntryRequiredError("this entry token lets you into another event")
    held = await service.reservations.reserve(
        translate.to_wish(call), key=translate.to_key(call), request_id=call.request_id
    )
    service.maps.changed(held.event_id)
    return translate.reservation_wire(held, now_ms=service.clock.now_ms())


async def _answered(
    service: ReservationService, call: Call[wire.ReserveRequest]
) -> model.Reservation:
    """What this request made while its session lasted: who lost the answer may still hear it."""
    key = translate.to_key(call)
    held = None if key is None else await service.reservations.answered(call.user_id, key)
    if held is None:
        raise EntryOverError("your session has ended; come through the waiting room again")
    return held


async def list_reservations(
    service: ReservationService, call: Call[wire.ListReservationsRequest]
) -> Page[wire.Reservation]:
    body, now_ms = call.body, service.clock.now_ms()
    # One more than asked for tells whether there is a next page.
    found = await service.reservations.of_user(
        call.user_id,
        below_id=cursors.below("reservations", body.cursor),
        event_id=None if body.event_id is None else EventId(body.event_id),
        status=body.status,
        limit=body.limit + 1,
    )
    return Page[wire.Reservation](
        items=tuple(
            translate.reservation_wire(each, now_ms=now_ms) for each in found[: body.limit]
        ),
        next_cursor=cursors.next_cursor("reservations", [each.id for each in found], body.limit),
    )


async def get(service: ReservationService, call: Call[wire.ReservationRequest]) -> wire.Reservation:
    found = await service.reservations.find(
        ReservationId(call.body.reservation_id), owner_id=_owner(call)
    )
    return translate.reservation_wire(found, now_ms=service.clock.now_ms())


async def cancel(
    service: ReservationService, call: Call[wire.ReservationRequest]
) -> wire.Reservation:
    cancelled = await service.reservations.cancel(
        ReservationId(call.body.reservation_id),
        owner_id=None if call.caller.is_admin else call.user_id,
        request_id=call.request_id,
    )
    service.maps.changed(cancelled.event_id)
    return translate.reservation_wire(cancelled, now_ms=service.clock.now_ms())


async def list_tickets(
    service: ReservationService, call: Call[wire.ListTicketsRequest]
) -> Page[wire.Ticket]:
    body = call.body
    found = await service.tickets.of_user(
        call.user_id,
        below_id=cursors.below("tickets", body.cursor),
        event_id=None if body.event_id is None else EventId(body.event_id),
        reservation_id=(
            None if body.reservation_id is None else ReservationId(body.reservation_id)
        ),
        limit=body.limit + 1,
    )
    return Page[wire.Ticket](
        items=tuple(
            translate.ticket_wire(each, service.seal.seal(each)) for each in found[: body.limit]
        ),
        next_cursor=cursors.next_cursor("tickets", [each.id for each in found], body.limit),
    )


async def get_ticket(service: ReservationService, call: Call[wire.TicketRequest]) -> wire.Ticket:
    found = await service.tickets.find(TicketId(call.body.ticket_id), owner_id=_owner(call))
    return translate.ticket_wire(found, service.seal.seal(found), with_svg=True)


async def check_in(service: ReservationService, call: Call[wire.CheckInRequest]) -> wire.Ticket:
    body = call.body
    used = await service.tickets.check_in(body.qr, event_id=EventId(body.event_id))
    return translate.ticket_wire(used, body.qr)


async def export_seats(
    service: ReservationService, call: Call[wire.AuditRequest]
) -> Page[wire.AuditedSeat]:
    body = call.body
    rows = await service.exports.seats(
        EventId(body.event_id),
        above_id=cursors.above("seats", body.cursor),
        limit=body.limit + 1,
    )
    return Page[wire.AuditedSeat](
        items=translate.audited(wire.AuditedSeat, rows[: body.limit]),
        next_cursor=cursors.next_cursor("seats", [row["seat_id"] for row in rows], body.limit),
    )


async def export_reservations(
    service: ReservationService, call: Call[wire.AuditRequest]
) -> Page[wire.AuditedReservation]:
    body = call.body
    rows = await service.exports.reservations(
        EventId(body.event_id),
        above_id=cursors.above("audited", body.cursor),
        limit=body.limit + 1,
    )
    return Page[wire.AuditedReservation](
        items=translate.audited(wire.AuditedReservation, rows[: body.limit]),
        next_cursor=cursors.next_cursor(
            "audited", [row["reservation_id"] for row in rows], body.limit
        ),
    )


def _owner(call: Call[RequestT]) -> UserId | None:
    """Whose it must be; None for those who may see anybody's."""
    caller = call.caller
    return None if caller.is_admin or caller.is_service else caller.user_id


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return etag in named or "*" in named


ROUTES: Final = (
    bind(wire.LAYOUTS, layouts),
    bind(wire.GENERATE, generate),
    bind(wire.SEAT_MAP, seat_map),
    bind(wire.RESERVE, reserve),
    bind(wire.LIST, list_reservations),
    bind(wire.GET, get),
    bind(wire.CANCEL, cancel),
    bind(wire.TICKETS, list_tickets),
    bind(wire.TICKET, get_ticket),
    bind(wire.CHECK_IN, check_in),
    bind(wire.AUDIT_SEATS, export_seats),
    bind(wire.AUDIT_RESERVATIONS, export_reservations),
)
