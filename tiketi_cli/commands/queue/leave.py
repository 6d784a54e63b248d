"""`tiketi queue leave`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event


def leave(ctx: typer.Context, event_id: Event) -> None:
    """Give up your place in the line, or your session if you were admitted.

    tiketi queue leave 1
    """
    here = session(ctx)
    left = here.client.queue.leave(event_id)
    here.out.facts(left, {"event": left.event_id, "was": left.was})
