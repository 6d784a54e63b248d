"""`tiketi auth keys rotate`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Yes
from tiketi_cli.text import at


def rotate(
    ctx: typer.Context,
    *,
    publish_ahead_s: Annotated[
        int | None,
        typer.Option(
            "--publish-ahead",
            metavar="SECONDS",
            min=0,
            help="How long the new key is published before it signs; two minutes unless given.",
        ),
    ] = None,
    yes: Yes = False,
) -> None:
    """Let a new key take over signing access tokens, without anybody noticing (administrators).

        tiketi auth keys rotate --yes
        tiketi auth keys list

    The new key is published first and signs once every service has seen it; the old one stays published until
    the last token it signed has ended.
    """
    here = session(ctx)
    here.confirm("publish a new signing key?", yes=yes)
    keys = here.client.auth.rotate_keys(publish_ahead_s=publish_ahead_s)
    newest = keys.items[0]
    here.out.facts(
        keys, {"key": newest.kid, "state": newest.state, "signs from": at(newest.signs_from)}
    )
