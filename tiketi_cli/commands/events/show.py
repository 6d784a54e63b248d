"""`tiketi events show`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import when, won


def show(ctx: typer.Context, event_id: Event) -> None:
    """Show one event, as it stands at this moment.

    tiketi events show 1
    tiketi events show 1 --json
    """
    here = session(ctx)
    event = here.client.events.get(event_id)
    here.out.facts(
        event,
        {
            "id": event.id,
            "title": event.title,
            "status": event.status,
            "artist": event.artist,
            "venue": event.venue,
            "description": event.description or None,
            "on sale": when(event.on_sale_at),
            "sale ends": when(event.sale_ends_at),
            "doors": when(event.starts_at),
            "prices": (
                f"{won(event.price_min)} to {won(event.price_max)}"
                if event.price_min is not None and event.price_max is not None
                else None
            ),
            "image": event.image_url,
            "cancelled because": event.cancel_reason,
            "version": event.version,
            "seats a person": event.seats_per_user_max,
        },
    )
