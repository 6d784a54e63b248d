"""`tiketi tickets check-in`."""

import sys

import typer

from tiketi_cli.asking import secret
from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import when


def check_in(ctx: typer.Context, event_id: Event) -> None:
    """Let in whoever shows this code at an event's door, once (administrators).

        tiketi tickets check-in 7 --profile door
        tiketi tickets show 1 --json | jq -r .qr | tiketi tickets check-in 7

    A ticket used before is refused, and so is one for another event, which stays good there. The code is
    what the QR code says: a line of stdin, or scanned at the prompt. It opens the door, so it is no
    argument: everybody on a machine sees those.
    """
    here = session(ctx)
    code = secret(from_stdin=not sys.stdin.isatty(), question="Code", variable="TIKETI_TICKET_CODE")
    ticket = here.client.tickets.check_in(event_id, code.strip())
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
