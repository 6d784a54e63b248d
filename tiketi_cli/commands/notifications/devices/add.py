"""`tiketi notifications devices add`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.context import session


def add(
    ctx: typer.Context,
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="What the push service registered it as.")
    ],
    *,
    platform: Annotated[
        Literal["android", "ios", "web"], typer.Option("--platform", "-p", help="What it is.")
    ] = "web",
) -> None:
    """Let a device take your push messages; of more than ten the oldest is forgotten.

    tiketi notifications devices add my-browser
    tiketi notifications devices add e8GfT… --platform android
    """
    here = session(ctx)
    added = here.client.notifications.add_device(token, platform)
    here.out.facts(added, {"added": added.token})
