"""`tiketi events create`."""

from datetime import timedelta
from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Key
from tiketi_cli.text import moment, when


def create(
    ctx: typer.Context,
    *,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is called.")],
    artist: Annotated[str, typer.Option("--artist", help="Who plays.")],
    venue: Annotated[str, typer.Option("--venue", help="Where.")],
    starts_at: Annotated[str, typer.Option("--starts-at", metavar="TIME", help="Doors.")] = "+30d",
    on_sale_at: Annotated[
        str, typer.Option("--on-sale-at", metavar="TIME", help="When selling begins.")
    ] = "now",
    sale_ends_at: Annotated[
        str | None,
        typer.Option(
            "--sale-ends-at", metavar="TIME", help="When selling ends; at the doors unless given."
        ),
    ] = None,
    description: Annotated[str, typer.Option("--description", help="More about it.")] = "",
    seats_per_user_max: Annotated[
        int,
        typer.Option(
            "--seats-per-user-max", min=1, max=8, help="How many seats one person may have."
        ),
    ] = 4,
    idempotency_key: Key = None,
) -> None:
    """Announce an event (administrators). It sells from --on-sale-at until --sale-ends-at.

        tiketi events create "겨울 콘서트" --artist 아이유 --venue "KSPO Dome"
        tiketi events create "Open Air" --artist Band --venue Park --starts-at "2027-05-01 20:00" --on-sale-at +2h

    A TIME is `now`, `+30m`, `+2h`, `+7d`, or a date in this machine's time zone.
    """
    here = session(ctx)
    begins = moment(on_sale_at)
    doors = moment(starts_at)
    event = here.client.events.create(
        title=title,
        artist=artist,
        venue=venue,
        description=description,
        starts_at=doors,
        on_sale_at=begins - timedelta(seconds=1) if on_sale_at == "now" else begins,
        sale_ends_at=doors if sale_ends_at is None else moment(sale_ends_at),
        seats_per_user_max=seats_per_user_max,
        idempotency_key=idempotency_key,
    )
    here.out.facts(
        event,
        {
            "id": event.id,
            "title": event.title,
            "status": event.status,
            "on sale": f"{when(event.on_sale_at)} to {when(event.sale_ends_at)}",
        },
    )
    here.out.say(f"next: tiketi seats generate {event.id} --layout large_theater")
