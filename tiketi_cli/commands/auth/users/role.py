"""`tiketi auth users role`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.accounts import User, account_rows
from tiketi_cli.context import session


def role(
    ctx: typer.Context,
    user_id: User,
    new_role: Annotated[
        Literal["user", "admin"], typer.Argument(metavar="ROLE", help="user or admin.")
    ],
) -> None:
    """Change the role of an account (administrators); its tokens from before stop working in seconds.

    tiketi auth users role 7 admin
    tiketi auth users role 7 user
    """
    here = session(ctx)
    user = here.client.users.update(user_id, role=new_role)
    here.out.facts(user, account_rows(user))
