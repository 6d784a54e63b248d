"""`tiketi events delete`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event, Yes


def delete(
    ctx: typer.Context,
    *,
    event_id: Event,
    version: Annotated[
        int | None,
        typer.Option("--version-seen", min=1, help="Refuse if it was changed after this version."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Remove an event that never had seats (administrators); one that had is cancelled instead.

    tiketi events delete 1
    tiketi events delete 1 --version-seen 3 --yes
    """
    here = session(ctx)
    if not yes:
        here.confirm(f"Remove {here.client.events.get(event_id).title}?", yes=False)
    event = here.client.events.delete(event_id, version=version)
    here.out.facts(event, {"id": event.id, "title": event.title, "removed": "yes"})
