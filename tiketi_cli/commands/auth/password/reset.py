"""`tiketi auth password reset`."""

from typing import Annotated

import typer

from tiketi_cli.asking import new_password, secret
from tiketi_cli.context import session


def reset(
    ctx: typer.Context,
    *,
    code_stdin: Annotated[
        bool, typer.Option("--code-stdin", help="Read the code of the mail from stdin, a line.")
    ] = False,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin", help="Read the new password from stdin, after the code if both."
        ),
    ] = False,
) -> None:
    """Set a new password by the code of the mail; every session ends. Then log in.

        tiketi auth password reset
        tiketi auth password reset --code-stdin --password-stdin < code-and-password.txt
        TIKETI_RESET_CODE=… TIKETI_PASSWORD=… tiketi auth password reset

    Both are asked for, or come from stdin, or from TIKETI_RESET_CODE and TIKETI_PASSWORD. They are no
    arguments: everybody on a machine sees those.
    """
    here = session(ctx)
    code = secret(
        from_stdin=code_stdin,
        question="Code of the mail",
        variable="TIKETI_RESET_CODE",
        flag="--code-stdin",
    )
    answer = here.anonymous().auth.reset_password(
        token=code.strip(), new=new_password(from_stdin=password_stdin)
    )
    here.out.say("log in: tiketi auth login")
    here.out.facts(answer, {"changed": "yes"})
