"""`tiketi queue heartbeat`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import lasting, when


def heartbeat(ctx: typer.Context, event_id: Event) -> None:
    """Say that you are still there, so that you are not passed over when your turn comes.

        tiketi queue heartbeat 1
        tiketi queue heartbeat 1 --json

    Once admitted, the entry token is kept in the profile: reserving and paying just work.
    """
    here = session(ctx)
    place = here.client.queue.heartbeat(event_id)
    here.out.facts(
        place,
        {
            "state": place.state,
            "position": f"{place.position:,} of {place.waiting_count:,}"
            if place.position
            else None,
            "about": lasting(place.eta_s) if place.eta_s is not None else None,
            "at the latest, likely": lasting(place.eta_p90_s)
            if place.eta_p90_s is not None
            else None,
            "draw at": when(place.opens_at) if place.opens_at else None,
            "your draw id": place.draw_id,
            "commitment": place.draw_commitment,
            "until": when(place.session_expires_at) if place.session_expires_at else None,
        },
    )
