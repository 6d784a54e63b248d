"""`tiketi down`."""

import asyncio

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Data


def down(ctx: typer.Context, data: Data = None) -> None:
    """Stop the platform on this machine and whatever is left of an earlier one. The data stays.

    tiketi down
    tiketi down --data ./try
    """
    from tiketi_platform.runtime.data_folder import default_path
    from tiketi_platform.runtime.detach import stop_platform

    here = session(ctx)
    path = data or default_path()
    stopped = asyncio.run(stop_platform(path))
    if stopped.was_killed:
        here.out.say("it did not stop in time and was killed; the next start recovers")
    here.out.facts(
        {
            "was_running": stopped.was_running,
            "was_killed": stopped.was_killed,
            "leftovers_count": stopped.leftovers_count,
            "data": path,
        },
        {
            "platform": "stopped" if stopped.was_running else "was not running",
            "leftovers ended": stopped.leftovers_count or None,
            "data": path,
        },
    )
