"""`tiketi tickets check-in`."""

import sys
from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.text import when


def check_in(
    ctx: typer.Context,
    qr: Annotated[
        str, typer.Argument(metavar="CODE", help="What the QR code says; - reads it from stdin.")
    ],
) -> None:
    """Let in whoever shows this code, once (administrators). A ticket used before is refused.

    tiketi tickets check-in "$CODE"
    tiketi tickets show 1 --json | jq -r .qr | tiketi tickets check-in - --profile door
    """
    here = session(ctx)
    code = sys.stdin.readline().strip() if qr == "-" else qr
    ticket = here.client.tickets.check_in(code)
    seat = ticket.seat
    here.out.facts(
        ticket,
        {
            "ticket": ticket.id,
            "seat": f"{seat.section}, row {seat.row}, seat {seat.number}",
            "status": ticket.status,
            "used": when(ticket.used_at),
        },
    )
