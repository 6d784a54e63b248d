"""`tiketi queue heartbeat`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import place_rows


def heartbeat(ctx: typer.Context, event_id: Event) -> None:
    """Say that you are still there, so that you are not passed over when your turn comes.

        tiketi queue heartbeat 1
        tiketi queue heartbeat 1 --json

    Once admitted, the entry token is kept in the profile: reserving and paying just work.
    """
    here = session(ctx)
    place = here.client.queue.heartbeat(event_id)
    here.out.facts(place, place_rows(place))
