"""`tiketi auth users disable`."""

import typer

from tiketi_cli.accounts import User, account_rows
from tiketi_cli.context import session
from tiketi_cli.parameters import Yes


def disable(ctx: typer.Context, user_id: User, *, yes: Yes = False) -> None:
    """Keep an account from logging in and end its sessions (administrators); nothing is deleted.

    tiketi auth users disable 7
    tiketi auth users enable 7
    """
    here = session(ctx)
    here.confirm(f"disable account {user_id}?", yes=yes)
    user = here.client.users.update(user_id, disabled=True)
    here.out.facts(user, account_rows(user))
