"""`tiketi auth password forgot`."""

from typing import Annotated

import typer

from tiketi_cli.context import session


def forgot(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of the account.")],
) -> None:
    """Have a code for a new password sent by e-mail; on this machine to the sandbox mailbox.

    tiketi auth password forgot kim@example.com
    tiketi auth password reset
    """
    here = session(ctx)
    answer = here.anonymous().auth.forgot_password(email=email)
    here.out.say("if there is such an account, a mail is on its way")
    here.out.facts(answer, {"sent": "yes"})
