"""`tiketi queue resume`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event


def resume(ctx: typer.Context, event_id: Event) -> None:
    """Let people in again, in the order in which they came.

    tiketi queue resume 1
    """
    here = session(ctx)
    now = here.client.queue.set_policy(event_id, state="open")
    here.out.facts(
        now, {"event": now.event_id, "state": now.state, "capacity": f"{now.capacity:,}"}
    )
