"""`tiketi seats layouts`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.text import won


def layouts(ctx: typer.Context) -> None:
    """List the halls whose seats can be put on sale.

    tiketi seats layouts
    tiketi seats layouts --json | jq '.items[].name'
    """
    here = session(ctx)
    here.out.items(
        here.client.seats.layouts().items,
        {
            "Layout": lambda layout: layout.name,
            "Title": lambda layout: layout.title,
            "Seats": lambda layout: f"{layout.seats_count:,}",
            "Sections": lambda layout: ", ".join(
                f"{section.name} {section.rows}×{section.seats_per_row} {won(section.price)}"
                for section in layout.sections
            ),
        },
        right=("Seats",),
        none="no layouts",
    )
