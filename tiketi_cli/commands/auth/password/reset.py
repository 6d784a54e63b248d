"""`tiketi auth password reset`."""

from typing import Annotated

import typer

from tiketi_cli.asking import new_password
from tiketi_cli.context import session


def reset(
    ctx: typer.Context,
    *,
    token: Annotated[str, typer.Option("--token", metavar="CODE", help="From the mail.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the new password from stdin.")
    ] = False,
) -> None:
    """Set a new password by the code of the mail; every session ends. Then log in.

        tiketi auth password reset --token CODE
        echo "$NEW" | tiketi auth password reset --token CODE --password-stdin

    The password comes from stdin, from TIKETI_PASSWORD or is asked for.
    """
    here = session(ctx)
    answer = here.anonymous().auth.reset_password(
        token=token, new=new_password(from_stdin=password_stdin)
    )
    here.out.say("log in: tiketi auth login")
    here.out.facts(answer, {"changed": "yes"})
