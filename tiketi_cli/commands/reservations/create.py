"""`tiketi reservations create`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Event, Key
from tiketi_cli.text import when, won


def create(
    ctx: typer.Context,
    *,
    event_id: Event,
    seat: Annotated[
        list[int] | None,
        typer.Option("--seat", metavar="ID", min=1, help="A seat's id; may be said up to 8 times."),
    ] = None,
    best: Annotated[
        int | None,
        typer.Option("--best", metavar="N", min=1, max=8, help="As many of the best free seats."),
    ] = None,
    section: Annotated[
        str | None, typer.Option("--section", metavar="NAME", help="Where, together with --best.")
    ] = None,
    idempotency_key: Key = None,
) -> None:
    """Hold seats of an event until the deadline shown: all of them or none.

        tiketi reservations create 1 --best 2
        tiketi reservations create 1 --best 2 --section VIP
        tiketi reservations create 1 --seat 101 --seat 102

    Ids are found by `tiketi seats map EVENT --ids`.
    """
    from tiketi_sdk.contract.reservation import BestAvailable

    if (not seat) == (best is None):
        raise UsageError("which seats?", "say either --best N or --seat ID")
    if section is not None and best is None:
        raise UsageError("--section goes with --best", "leave it out with --seat")
    here = session(ctx)
    made = here.client.reservations.create(
        event_id,
        seat_ids=seat or None,
        best_available=None if best is None else BestAvailable(count=best, section=section),
        idempotency_key=idempotency_key,
    )
    here.out.facts(
        made,
        {
            "id": made.id,
            "number": made.number,
            "status": made.status,
            "price": won(made.total_price),
            "seats": ", ".join(f"{each.section} {each.row}-{each.number}" for each in made.seats),
            "pay until": when(made.expires_at),
        },
    )
    here.out.say(f"next: tiketi payments pay {made.id}")
