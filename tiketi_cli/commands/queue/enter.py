"""`tiketi queue enter`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import place_rows


def enter(ctx: typer.Context, event_id: Event) -> None:
    """Join an event's waiting room and show your place in it. Doing it again keeps the place.

        tiketi queue enter 1
        tiketi queue enter 1 --json

    Once admitted, the entry token is kept in the profile: reserving and paying just work.
    """
    here = session(ctx)
    place = here.client.queue.enter(event_id)
    here.out.facts(place, place_rows(place))
