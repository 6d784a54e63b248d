"""`tiketi events create`."""

from pathlib import Path
from typing import Annotated

import typer

from tiketi_cli import event_files
from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Key
from tiketi_cli.text import event_rows

_UNLESS_GIVEN = {"starts_at": "+30d", "on_sale_at": "now", "seats_per_user_max": 4}


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
    starts_at: Annotated[
        str | None,
        typer.Option("--starts-at", metavar="TIME", help="Doors; in 30 days unless given."),
    ] = None,
    on_sale_at: Annotated[
        str | None,
        typer.Option("--on-sale-at", metavar="TIME", help="When selling begins; now unless given."),
    ] = None,
    sale_ends_at: Annotated[
        str | None,
        typer.Option(
            "--sale-ends-at", metavar="TIME", help="When selling ends; at the doors unless given."
        ),
    ] = None,
    description: Annotated[str | None, typer.Option("--description", help="More about it.")] = None,
    seats_per_user_max: Annotated[
        int | None,
        typer.Option(
            "--seats-per-user-max",
            min=1,
            max=8,
            help="How many seats one person may have; 4 unless given.",
        ),
    ] = None,
    idempotency_key: Key = None,
) -> None:
    """Announce an event (administrators). It sells from --on-sale-at until --sale-ends-at.

        tiketi events create "겨울 콘서트" --artist 아이유 --venue "KSPO Dome"
        tiketi events create --file event.yaml
        tiketi events create --file event.yaml --venue "고척스카이돔"
        tiketi events create "Open Air" --artist Band --venue Park --starts-at "2027-05-01 20:00" --on-sale-at +2h

    What is said here goes before what the file says. A TIME is `now`, `+30m`, `+2h`, `+7d`, or a date in this machine's time zone.
    """
    if file is None and title is None:
        raise UsageError("say TITLE or --file", "see tiketi events create --help")
    options = {
        "title": title,
        "artist": artist,
        "venue": venue,
        "description": description,
        "starts_at": starts_at,
        "on_sale_at": on_sale_at,
        "sale_ends_at": sale_ends_at,
        "seats_per_user_max": seats_per_user_max,
    }
    said = _UNLESS_GIVEN if file is None else event_files.load(file)
    if isinstance(said, dict):
        said = {**said, **{name: value for name, value in options.items() if value is not None}}
    where = "the event" if file is None else str(file)
    here = session(ctx)
    event = here.client.events.create(
        **event_files.fields(said, where=where), idempotency_key=idempotency_key
    )
    here.out.facts(event, event_rows(event))
    here.out.say(f"next: tiketi seats generate {event.id} --layout large_theater")
