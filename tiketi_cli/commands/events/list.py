"""`tiketi events list`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit
from tiketi_cli.text import at, moment


def list_(
    ctx: typer.Context,
    *,
    status: Annotated[
        Literal["upcoming", "on_sale", "sold_out", "ended", "cancelled"] | None,
        typer.Option("--status", help="Only those that stand so."),
    ] = None,
    q: Annotated[
        str | None,
        typer.Option("--search", "-q", metavar="WORDS", help="Words in title, artist or venue."),
    ] = None,
    venue: Annotated[str | None, typer.Option("--venue", help="Words in the venue.")] = None,
    starts_from: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Doors then or later.")
    ] = None,
    starts_before: Annotated[
        str | None, typer.Option("--before", metavar="TIME", help="Doors before then.")
    ] = None,
    price_min: Annotated[
        int | None,
        typer.Option("--price-min", min=0, help="With a seat for this many won or more."),
    ] = None,
    price_max: Annotated[
        int | None,
        typer.Option("--price-max", min=0, help="With a seat for this many won or less."),
    ] = None,
    limit: Limit = 20,
) -> None:
    """List and search events, newest sale first.

    tiketi events list
    tiketi events list --status on_sale --search 콘서트
    tiketi events list --search 싸이 --before +60d --price-max 99000
    tiketi events list --json | jq '.items[].id'
    """
    here = session(ctx)
    listing = here.client.events.list(
        status=status,
        q=q,
        venue=venue,
        starts_from=None if starts_from is None else moment(starts_from),
        starts_before=None if starts_before is None else moment(starts_before),
        price_min=price_min,
        price_max=price_max,
        limit=min(limit, 100),
    )
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda event: event.id,
            "Status": lambda event: event.status,
            "Title": lambda event: event.title,
            "Artist": lambda event: event.artist,
            "Venue": lambda event: event.venue,
            "On sale": lambda event: at(event.on_sale_at),
            "Doors": lambda event: at(event.starts_at),
        },
        right=("ID",),
        none="no events; an administrator makes one: tiketi events create --help",
    )
