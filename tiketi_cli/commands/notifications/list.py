"""`tiketi notifications list`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit
from tiketi_cli.text import at


def list_(
    ctx: typer.Context,
    *,
    user_id: Annotated[
        int | None,
        typer.Option("--user", metavar="ID", min=1, help="Somebody else's (administrators)."),
    ] = None,
    status: Annotated[
        Literal["PENDING", "SENT", "FAILED", "SKIPPED"] | None,
        typer.Option("--status", help="Only those that stand so."),
    ] = None,
    limit: Limit = 20,
) -> None:
    """List what was said to you, newest first.

        tiketi notifications list
        tiketi notifications list --user 7 --status FAILED

    The mails themselves are in the sandbox mailbox: tiketi notifications open.
    """
    here = session(ctx)
    listing = here.client.notifications.list(user_id=user_id, status=status, limit=min(limit, 100))
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda each: each.id,
            "At": lambda each: at(each.sent_at or each.created_at),
            "About": lambda each: each.message_name,
            "By": lambda each: each.channel,
            "Recipient": lambda each: each.recipient,
            "Subject": lambda each: each.subject,
            "Status": lambda each: each.status,
            "Attempts": lambda each: each.attempt_count,
        },
        right=("ID", "Attempts"),
        none="nothing was said yet",
    )
