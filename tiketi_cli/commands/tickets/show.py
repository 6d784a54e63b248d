"""`tiketi tickets show`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.text import when

_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two rows of a QR code in one line, dark on light: (upper is dark, lower is dark) → character."""
_QUIET = 2


def show(
    ctx: typer.Context,
    *,
    ticket_id: Annotated[int, typer.Argument(metavar="TICKET", min=1, help="The ticket's id.")],
    svg: Annotated[
        bool,
        typer.Option(
            "--svg", help="Print the QR code as SVG and nothing else (with --json it is `qr_svg`)."
        ),
    ] = False,
) -> None:
    """Show a ticket with the QR code that opens the door.

    tiketi tickets show 1
    tiketi tickets show 1 --svg > ticket.svg
    """
    here = session(ctx)
    ticket = here.client.tickets.get(ticket_id)
    if svg and not here.json:
        here.out.line(ticket.qr_svg or "")
        return
    seat = ticket.seat
    here.out.facts(
        ticket,
        {
            "id": ticket.id,
            "event": ticket.event_id,
            "reservation": ticket.reservation_id,
            "seat": f"{seat.section}, row {seat.row}, seat {seat.number}",
            "status": ticket.status,
            "used": when(ticket.used_at) if ticket.used_at else None,
            "qr": None if here.out.to_terminal else ticket.qr,
        },
    )
    if here.out.to_terminal and not here.json:
        here.out.drawing([(line, "white on black")] for line in _blocks(ticket.qr))


def _blocks(text: str) -> Iterator[str]:
    import segno

    rows = [list(row) for row in segno.make(text, micro=False).matrix_iter(border=_QUIET)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield "".join(
            _HALVES[bool(above), bool(below)] for above, below in zip(upper, lower, strict=True)
        )
