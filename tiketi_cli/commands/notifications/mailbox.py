"""`tiketi notifications mailbox`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Data


def mailbox(
    ctx: typer.Context,
    *,
    data: Data = None,
    browse: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Print the address where the mails of the platform on this machine can be read.

    tiketi notifications mailbox
    tiketi notifications mailbox --open
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
    if browse:
        import webbrowser

        webbrowser.open(url)
