"""`tiketi events import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli import event_files
from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import DryRun
from tiketi_cli.text import at

if TYPE_CHECKING:
    from tiketi_sdk.contract.event import Event


def import_(
    ctx: typer.Context,
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A list of events in YAML or JSON; - is stdin.")
    ],
    dry_run: DryRun = False,
) -> None:
    """Announce many events from a file (administrators). The same file again announces nothing twice.

        tiketi events import events.yaml
        tiketi events import events.yaml --dry-run

    The file is a list of events, or has one under `events`. Each has title, artist, venue, starts_at and
    on_sale_at; sale_ends_at (the doors), description, seats_per_user_max and image_url if you like. An event
    is known by its `key`, or by all that it says. One whose key was used for another content is refused: what is
    announced is changed by `tiketi events update`.
    """
    from tiketi_sdk.errors import TiketiError

    read = event_files.load(file)
    said = read.get("events") if isinstance(read, dict) else read
    if not isinstance(said, list) or not said:
        raise UsageError(f"{file} has no list of events", "see tiketi events import --help")
    # All are read before the first is sent: a file with a fault changes nothing.
    wanted = [
        (
            event_files.fields(each, where=f"event {number}", dates_only=True),
            event_files.key_of(each),
        )
        for number, each in enumerate(said, start=1)
    ]
    here = session(ctx)
    if dry_run:
        here.out.items(
            [fields for fields, _ in wanted],
            {
                "Title": lambda fields: fields["title"],
                "Artist": lambda fields: fields["artist"],
                "Doors": lambda fields: at(fields["starts_at"]),
            },
        )
        return
    announced: list[Event] = []
    with here.working(f"announcing {len(wanted)} events"):
        for fields, key in wanted:
            try:
                announced.append(here.client.events.create(**fields, idempotency_key=key))
            except TiketiError as error:
                done = ", ".join(str(event.id) for event in announced) or "none"
                error.add_note(f"event {len(announced) + 1} of {len(wanted)}: {fields['title']}")
                error.add_note(f"announced before it, by id: {done}; the file may be sent again")
                raise
    here.out.items(
        announced,
        {
            "ID": lambda event: event.id,
            "Status": lambda event: event.status,
            "Title": lambda event: event.title,
            "Artist": lambda event: event.artist,
            "Doors": lambda event: at(event.starts_at),
        },
        right=("ID",),
    )
