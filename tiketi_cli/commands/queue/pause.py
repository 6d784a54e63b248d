"""`tiketi queue pause`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event


def pause(ctx: typer.Context, event_id: Event) -> None:
    """Let nobody in for now; people enter and wait, and the line stays as it is.

    tiketi queue pause 1
    """
    here = session(ctx)
    now = here.client.queue.set_policy(event_id, state="paused")
    here.out.facts(
        now, {"event": now.event_id, "state": now.state, "capacity": f"{now.capacity:,}"}
    )
