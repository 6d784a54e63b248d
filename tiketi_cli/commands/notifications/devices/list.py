"""`tiketi notifications devices list`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.text import at


def list_(ctx: typer.Context) -> None:
    """List the devices that take your push messages, the newest first.

    tiketi notifications devices list
    """
    here = session(ctx)
    here.out.items(
        here.client.notifications.devices(),
        {
            "Token": lambda each: each.token,
            "Platform": lambda each: each.platform,
            "Since": lambda each: None if each.created_at is None else at(each.created_at),
        },
        none="no device takes your push messages",
    )
