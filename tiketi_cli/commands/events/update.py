"""`tiketi events update`."""

from pathlib import Path
from typing import Annotated

import typer

from tiketi_cli import event_files
from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Event, ImageUrl, VersionSeen
from tiketi_cli.text import event_rows


def update(
    ctx: typer.Context,
    *,
    event_id: Event,
    title: Annotated[str | None, typer.Option("--title", help="What it is called.")] = None,
    artist: Annotated[str | None, typer.Option("--artist", help="Who plays.")] = None,
    venue: Annotated[str | None, typer.Option("--venue", help="Where.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="More about it.")] = None,
    starts_at: Annotated[
        str | None, typer.Option("--starts-at", metavar="TIME", help="Doors.")
    ] = None,
    on_sale_at: Annotated[
        str | None, typer.Option("--on-sale-at", metavar="TIME", help="When selling begins.")
    ] = None,
    sale_ends_at: Annotated[
        str | None, typer.Option("--sale-ends-at", metavar="TIME", help="When selling ends.")
    ] = None,
    seats_per_user_max: Annotated[
        int | None,
        typer.Option(
            "--seats-per-user-max", min=1, max=8, help="How many seats one person may have."
        ),
    ] = None,
    image_url: ImageUrl = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="What to change, in YAML or JSON."),
    ] = None,
    version: VersionSeen = None,
) -> None:
    """Change an event (administrators); what is not said stays as it is.

    tiketi events update 1 --venue "고척스카이돔"
    tiketi events update 1 --file changes.yaml
    tiketi events update 1 --on-sale-at +2h --version-seen 3
    """
    said = {
        "title": title,
        "artist": artist,
        "venue": venue,
        "description": description,
        "starts_at": starts_at,
        "on_sale_at": on_sale_at,
        "sale_ends_at": sale_ends_at,
        "seats_per_user_max": seats_per_user_max,
        "image_url": image_url,
    }
    changes = event_files.fields(said, where="the change", changes_only=True)
    if file is not None:
        from_file = event_files.fields(event_files.load(file), where=str(file), changes_only=True)
        changes = from_file | changes
    if not changes:
        raise UsageError("nothing to change", "see tiketi events update --help")
    here = session(ctx)
    event = here.client.events.update(event_id, version=version, **changes)
    here.out.facts(event, event_rows(event) | {"version": event.version})
