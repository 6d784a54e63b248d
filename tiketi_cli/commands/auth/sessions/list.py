"""`tiketi auth sessions list`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.text import at


def list_(ctx: typer.Context) -> None:
    """List where you are logged in, the session used last first.

    tiketi auth sessions list
    tiketi auth sessions list --json | jq '.items[] | select(.is_current | not).id'
    """
    here = session(ctx)
    here.out.items(
        here.client.auth.sessions().items,
        {
            "ID": lambda each: each.id,
            "Device": lambda each: each.device or None,
            "Address": lambda each: each.address,
            "Since": lambda each: at(each.created_at),
            "Used": lambda each: at(each.last_used_at),
            "Ends": lambda each: at(each.expires_at),
            "This one": lambda each: "yes" if each.is_current else "",
        },
        right=("ID",),
        none="you are logged in nowhere",
    )
