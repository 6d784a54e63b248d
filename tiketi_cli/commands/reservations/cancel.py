"""`tiketi reservations cancel`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Reservation, Yes
from tiketi_cli.text import reservation_rows, won


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
    here.out.facts(found, reservation_rows(found))
