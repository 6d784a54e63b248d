"""`tiketi auth password change`."""

from typing import Annotated

import typer

from tiketi_cli.asking import new_password, password, this_device
from tiketi_cli.context import session


def change(
    ctx: typer.Context,
    *,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin", help="Read the old and the new one, a line each, from stdin."
        ),
    ] = False,
) -> None:
    """Change your password. Every other session ends; this one goes on with new tokens.

        tiketi auth password change
        cat old-and-new.txt | tiketi auth password change --password-stdin

    Otherwise they come from TIKETI_PASSWORD and TIKETI_NEW_PASSWORD or are asked for.
    """
    here = session(ctx)
    opened = here.client.auth.change_password(
        current=password(from_stdin=password_stdin, question="Current password"),
        new=new_password(from_stdin=password_stdin, variable="TIKETI_NEW_PASSWORD"),
        device=this_device(),
    )
    here.out.facts(opened.user, {"changed": opened.user.email})
