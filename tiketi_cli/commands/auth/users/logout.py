"""`tiketi auth users logout`."""

import typer

from tiketi_cli.accounts import User
from tiketi_cli.context import session
from tiketi_cli.parameters import Yes


def logout(ctx: typer.Context, user_id: User, *, yes: Yes = False) -> None:
    """End all sessions of an account (administrators); it may log in again.

    tiketi auth users logout 7 --yes
    """
    here = session(ctx)
    here.confirm(f"log account {user_id} out everywhere?", yes=yes)
    answer = here.client.users.logout(user_id)
    here.out.facts(answer, {"logged out": user_id})
