"""`tiketi notifications dead-letters`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit
from tiketi_cli.text import at


def dead_letters(ctx: typer.Context, *, limit: Limit = 20) -> None:
    """List what was given up: deliveries no channel took, messages that could not be applied (administrators).

        tiketi notifications dead-letters

    Try them anew: tiketi notifications replay.
    """
    here = session(ctx)
    here.out.items(
        here.client.notifications.dead_letters(limit=min(limit, 100)).to_list(limit),
        {
            "ID": lambda each: each.id,
            "At": lambda each: None if each.at is None else at(each.at),
            "About": lambda each: each.message_name,
            "User": lambda each: each.user_id,
            "Channel": lambda each: each.channel,
            "Attempts": lambda each: each.attempt_count,
            "Reason": lambda each: each.reason,
        },
        right=("User", "Attempts"),
        none="nothing was given up",
    )
