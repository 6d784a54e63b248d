"""`tiketi auth logout`."""

from typing import Annotated

import typer

from tiketi_cli.context import session


def logout(
    ctx: typer.Context,
    *,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="On every device, not only here.")
    ] = False,
) -> None:
    """End the session of the profile in force, there and here.

    tiketi auth logout
    tiketi auth logout --everywhere
    tiketi auth logout --profile staging
    """
    here = session(ctx)
    if here.client.credentials.refresh_token is None:
        here.out.say("nobody was logged in")
        here.out.facts({"logged_out": True}, {})
        return
    auth = here.client.auth
    answer = auth.logout_everywhere() if everywhere else auth.logout()
    here.out.facts(answer, {"logged out": here.stored.email or here.stored.name})
