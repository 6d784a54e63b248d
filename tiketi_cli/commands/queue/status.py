"""`tiketi queue status`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import place_rows


def status(ctx: typer.Context, event_id: Event) -> None:
    """Show where you stand in an event's waiting room.

        tiketi queue status 1
        tiketi queue status 1 --json

    Once admitted, the entry token is kept in the profile: reserving and paying just work.
    """
    here = session(ctx)
    place = here.client.queue.status(event_id)
    here.out.facts(place, place_rows(place))
