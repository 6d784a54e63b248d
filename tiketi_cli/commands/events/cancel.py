"""`tiketi events cancel`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event, Yes


def cancel(
    ctx: typer.Context,
    *,
    event_id: Event,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; people read it.")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option("--version-seen", min=1, help="Refuse if it was changed after this version."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Cancel an event (administrators): reservations are given back, payments refunded, the room closed.

    tiketi events cancel 1 --reason "가수의 건강 문제"
    tiketi events cancel 1 --yes --json
    """
    here = session(ctx)
    if not yes:
        event = here.client.events.get(event_id)
        here.confirm(f"Cancel {event.title} for good?", yes=False)
    event = here.client.events.cancel(event_id, reason=reason, version=version)
    here.out.facts(
        event,
        {
            "id": event.id,
            "title": event.title,
            "status": event.status,
            "because": event.cancel_reason,
        },
    )
