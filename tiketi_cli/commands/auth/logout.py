"""`tiketi auth logout`."""

import os
from typing import Annotated

import typer

from tiketi_cli.context import Session, session


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
        _forget_rest(here)
        here.out.facts({"logged_out": True}, {})
        return
    auth = here.client.auth
    answer = auth.logout_everywhere() if everywhere else auth.logout()
    here.out.facts(answer, {"logged out": here.stored.email or here.stored.name})


def _forget_rest(here: Session) -> None:
    """Without a refresh token no session can be ended; what is left of it here must not stay."""
    from tiketi_sdk.profiles import forget_ended, is_at_home

    if os.environ.get("TIKETI_TOKEN"):
        here.out.say("TIKETI_TOKEN is in force and not kept here: unset it")
        return
    if not (is_at_home(here.stored) and forget_ended(here.stored.name)):
        here.out.say("nobody was logged in")
        return
    here.out.say("the session had ended; forgot what was left of it")
