"""`tiketi reservations cancel`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Yes
from tiketi_cli.text import when, won

Reservation = Annotated[
    int, typer.Argument(metavar="RESERVATION", min=1, help="The reservation's id.")
]


def cancel(ctx: typer.Context, *, reservation_id: Reservation, yes: Yes = False) -> None:
    """Give the seats of a reservation back; what was paid is refunded by itself.

    tiketi reservations cancel 1
    tiketi reservations cancel 1 --yes
    """
    here = session(ctx)
    if not yes:
        held = here.client.reservations.get(reservation_id)
        seats = f"{len(held.seats)} seats worth {won(held.total_price)}"
        here.confirm(f"Give back reservation {held.number} ({held.status}, {seats})?", yes=False)
    found = here.client.reservations.cancel(reservation_id)
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
