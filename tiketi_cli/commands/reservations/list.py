"""`tiketi reservations list`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit, OfEvent
from tiketi_cli.text import at, won


def list_(
    ctx: typer.Context,
    *,
    event_id: OfEvent = None,
    status: Annotated[
        Literal["PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"] | None,
        typer.Option("--status", help="Only those that stand so."),
    ] = None,
    limit: Limit = 20,
) -> None:
    """List your reservations, newest first.

    tiketi reservations list
    tiketi reservations list --event 1 --status PENDING
    """
    here = session(ctx)
    listing = here.client.reservations.list(event_id=event_id, status=status, limit=min(limit, 100))
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda each: each.id,
            "Number": lambda each: each.number,
            "Event": lambda each: each.event_id,
            "Status": lambda each: each.status,
            "Seats": lambda each: len(each.seats),
            "Price": lambda each: won(each.total_price),
            "Pay until": lambda each: at(each.expires_at) if each.status == "PENDING" else None,
            "Payment": lambda each: each.payment_id,
        },
        right=("ID", "Event", "Seats", "Price", "Payment"),
        none="no reservations; hold seats: tiketi reservations create EVENT --best 2",
    )
