"""`tiketi cluster logs`."""

import os
from typing import Annotated

import typer

from tiketi_cli.clustering import Name, at_cluster
from tiketi_cli.context import session
from tiketi_cli.errors import UsageError


def logs(
    ctx: typer.Context,
    service: Annotated[
        str | None,
        typer.Argument(metavar="SERVICE", help="Only of this one: auth, queue, postgres, …"),
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each Pod.")] = 50,
    name: Name = "tiketi-local",
) -> None:
    """Show the last lines of the Pods' logs, each with its Pod in front, or follow them.

    tiketi cluster logs
    tiketi cluster logs queue -f
    tiketi cluster logs postgres -n 200

    The lines come as kubectl gives them; --json is refused.
    """
    from tiketi_sdk.cluster.services import log_command

    if session(ctx).json:
        raise UsageError("the Pods' logs are lines and no document", "leave --json out")
    with at_cluster(name=name) as site:
        command = log_command(site, service, lines_count=lines, follow=follow)
    # kubectl takes our place: what it prints and how it ends are the command's.
    os.execv(command[0], command)  # noqa: S606  # a list and no shell
