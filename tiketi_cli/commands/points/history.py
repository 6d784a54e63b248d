"""`tiketi points history`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit
from tiketi_cli.text import at, points, signed_points


def history(ctx: typer.Context, *, limit: Limit = 20) -> None:
    """Show every change of your points with the balance after it, newest first.

    tiketi points history
    tiketi points history --limit 1000 --json
    """
    here = session(ctx)
    listing = here.client.points.histories(limit=min(limit, 100))
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda line: line.id,
            "At": lambda line: at(line.created_at),
            "Type": lambda line: line.type,
            "Points": lambda line: signed_points(line.amount),
            "Balance": lambda line: points(line.balance_after),
            "For": lambda line: f"{line.reference_type} {line.reference_id or ''}".rstrip(),
            "Description": lambda line: line.description,
        },
        right=("ID", "Points", "Balance"),
        none="no changes yet; buy points: tiketi points charge 10000",
    )
