"""`tiketi queue log`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event, Limit
from tiketi_cli.text import at


def log(ctx: typer.Context, *, event_id: Event, limit: Limit = 100) -> None:
    """Print the append-only admission log from its beginning: who entered, was let in and left (administrators).

    tiketi queue log 1
    tiketi queue log 1 --limit 100000 --json > admissions.json
    """
    here = session(ctx)
    listing = here.client.queue.log(event_id, limit=min(limit, 5_000))
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda entry: entry.id,
            "At": lambda entry: at(entry.at),
            "Kind": lambda entry: entry.kind,
            "User": lambda entry: entry.user_id,
            "Number": lambda entry: entry.number,
            "Capacity": lambda entry: entry.capacity,
        },
        right=("User", "Number", "Capacity"),
        none="nothing happened yet",
    )
