"""`tiketi tickets check-in`."""

import sys

import typer

from tiketi_cli.asking import secret
from tiketi_cli.context import session
from tiketi_cli.text import when


def check_in(ctx: typer.Context) -> None:
    """Let in whoever shows this code, once (administrators). A ticket used before is refused.

        tiketi tickets check-in --profile door
        tiketi tickets show 1 --json | jq -r .qr | tiketi tickets check-in

    The code is what the QR code says: a line of stdin, or scanned at the prompt. It opens the door, so it
    is no argument: everybody on a machine sees those.
    """
    here = session(ctx)
    code = secret(from_stdin=not sys.stdin.isatty(), question="Code", variable="TIKETI_TICKET_CODE")
    ticket = here.client.tickets.check_in(code.strip())
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
