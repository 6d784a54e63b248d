"""`tiketi auth users enable`."""

import typer

from tiketi_cli.accounts import User, account_rows
from tiketi_cli.context import session


def enable(ctx: typer.Context, user_id: User) -> None:
    """Let a disabled account log in again (administrators).

    tiketi auth users enable 7
    """
    here = session(ctx)
    user = here.client.users.update(user_id, disabled=False)
    here.out.facts(user, account_rows(user))
