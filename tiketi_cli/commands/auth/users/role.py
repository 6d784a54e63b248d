"""`tiketi auth users role`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.accounts import User, account_rows
from tiketi_cli.context import session
from tiketi_cli.parameters import Yes


def role(
    ctx: typer.Context,
    user_id: User,
    new_role: Annotated[
        Literal["user", "admin"], typer.Argument(metavar="ROLE", help="user or admin.")
    ],
    *,
    yes: Yes = False,
) -> None:
    """Change the role of an account (administrators); its tokens from before stop working in seconds.

    tiketi auth users role 7 admin
    tiketi auth users role 7 user --yes
    """
    here = session(ctx)
    here.confirm(
        f"make account {user_id} {'an administrator' if new_role == 'admin' else 'a user'}?",
        yes=yes,
    )
    user = here.client.users.update(user_id, role=new_role)
    here.out.facts(user, account_rows(user))
