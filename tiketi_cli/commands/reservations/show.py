"""`tiketi reservations show`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Reservation
from tiketi_cli.text import reservation_rows


def show(ctx: typer.Context, reservation_id: Reservation) -> None:
    """Show one reservation with its seats.

    tiketi reservations show 1
    tiketi reservations show 1 --json | jq .payment_id
    """
    here = session(ctx)
    found = here.client.reservations.get(reservation_id)
    here.out.facts(found, reservation_rows(found))
