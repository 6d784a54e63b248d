"""`tiketi notifications devices remove`."""

from typing import Annotated

import typer

from tiketi_cli.context import session


def remove(
    ctx: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="As devices list prints it.")],
) -> None:
    """Forget one of your devices; one that is not there is forgotten already.

    tiketi notifications devices remove my-browser
    """
    here = session(ctx)
    removed = here.client.notifications.remove_device(token)
    here.out.facts(removed, {"removed": removed.token})
