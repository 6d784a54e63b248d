"""`tiketi auth logout`."""

import typer

from tiketi_cli.context import session


def logout(ctx: typer.Context) -> None:
    """End the session of the profile in force, there and here.

    tiketi auth logout
    tiketi auth logout --profile staging
    """
    here = session(ctx)
    if here.client.credentials.refresh_token is None:
        here.out.say("nobody was logged in")
        here.out.facts({"logged_out": True}, {})
        return
    answer = here.client.auth.logout()
    here.out.facts(answer, {"logged out": here.stored.email or here.stored.name})
