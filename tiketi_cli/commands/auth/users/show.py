"""`tiketi auth users show`."""

import typer

from tiketi_cli.accounts import User, account_rows
from tiketi_cli.context import session


def show(ctx: typer.Context, user_id: User) -> None:
    """Show one account (administrators).

    tiketi auth users show 7
    """
    here = session(ctx)
    user = here.client.users.get(user_id)
    here.out.facts(user, account_rows(user))
