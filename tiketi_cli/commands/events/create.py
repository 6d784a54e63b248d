"""`tiketi events create`."""

from pathlib import Path
from typing import Annotated

import typer

from tiketi_cli import event_files
from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Key
from tiketi_cli.text import when


def create(
    ctx: typer.Context,
    *,
    title: Annotated[str | None, typer.Argument(metavar="TITLE", help="What it is called.")] = None,
    artist: Annotated[str | None, typer.Option("--artist", help="Who plays.")] = None,
    venue: Annotated[str | None, typer.Option("--venue", help="Where.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="An event in YAML or JSON; - is stdin."),
    ] = None,
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
        tiketi events create --file event.yaml
        tiketi events create "Open Air" --artist Band --venue Park --starts-at "2027-05-01 20:00" --on-sale-at +2h

    A TIME is `now`, `+30m`, `+2h`, `+7d`, or a date in this machine's time zone.
    """
    if (file is None) == (title is None):
        raise UsageError("say either TITLE or --file", "see tiketi events create --help")
    said: object = {
        "title": title,
        "artist": artist,
        "venue": venue,
        "description": description,
        "starts_at": starts_at,
        "on_sale_at": on_sale_at,
        "sale_ends_at": sale_ends_at,
        "seats_per_user_max": seats_per_user_max,
    }
    if file is not None:
        said = event_files.load(file)
    where = "the event" if file is None else str(file)
    here = session(ctx)
    event = here.client.events.create(
        **event_files.fields(said, where=where), idempotency_key=idempotency_key
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
