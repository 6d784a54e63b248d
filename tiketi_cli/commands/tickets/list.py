"""`tiketi tickets list`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit, OfEvent


def list_(
    ctx: typer.Context,
    *,
    event_id: OfEvent = None,
    reservation_id: Annotated[
        int | None,
        typer.Option("--reservation", metavar="ID", min=1, help="Only of this reservation."),
    ] = None,
    limit: Limit = 20,
) -> None:
    """List your tickets, newest first.

    tiketi tickets list
    tiketi tickets list --event 1
    tiketi tickets list --reservation 1 --json | jq -r '.items[].qr'
    """
    here = session(ctx)
    listing = here.client.tickets.list(
        event_id=event_id, reservation_id=reservation_id, limit=min(limit, 100)
    )
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda ticket: ticket.id,
            "Event": lambda ticket: ticket.event_id,
            "Reservation": lambda ticket: ticket.reservation_id,
            "Section": lambda ticket: ticket.seat.section,
            "Row": lambda ticket: ticket.seat.row,
            "Seat": lambda ticket: ticket.seat.number,
            "Status": lambda ticket: ticket.status,
        },
        right=("ID", "Event", "Reservation", "Row", "Seat"),
        none="no tickets; pay a reservation: tiketi payments pay RESERVATION",
    )
