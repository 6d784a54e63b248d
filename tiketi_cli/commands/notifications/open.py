"""`tiketi notifications open`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Data


def open_(
    ctx: typer.Context,
    *,
    data: Data = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it, or only print its address.")
    ] = True,
) -> None:
    """Open the sandbox mailbox in a browser: every mail and message the platform on this machine sent.

    tiketi notifications open
    tiketi notifications open --no-browser
    """
    from tiketi_platform.runtime.data_folder import DataFolder, default_path

    here = session(ctx)
    folder = DataFolder.existing(data or default_path())
    record = folder.read_record() if folder is not None else None
    port = record.ports.get("mailbox") if record is not None and record.is_running() else None
    if port is None:
        raise UsageError("no platform runs on this machine", "start it: tiketi up --detach")
    url = f"http://127.0.0.1:{port}/"
    if here.json:
        here.out.document({"url": url})
    else:
        here.out.line(url)
    if browser:
        import webbrowser

        webbrowser.open(url)
