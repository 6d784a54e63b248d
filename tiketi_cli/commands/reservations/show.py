"""`tiketi reservations show`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.text import when, won

Reservation = Annotated[
    int, typer.Argument(metavar="RESERVATION", min=1, help="The reservation's id.")
]


def show(ctx: typer.Context, reservation_id: Reservation) -> None:
    """Show one reservation with its seats.

    tiketi reservations show 1
    tiketi reservations show 1 --json | jq .payment_id
    """
    here = session(ctx)
    found = here.client.reservations.get(reservation_id)
    here.out.facts(
        found,
        {
            "id": found.id,
            "number": found.number,
            "event": found.event_id,
            "status": found.status,
            "price": won(found.total_price),
            "seats": ", ".join(f"{each.section} {each.row}-{each.number}" for each in found.seats),
            "pay until": when(found.expires_at) if found.status == "PENDING" else None,
            "payment": found.payment_id,
        },
    )
