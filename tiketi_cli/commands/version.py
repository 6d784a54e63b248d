"""`tiketi version`."""

import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import typer

from tiketi_cli.context import session


def version(ctx: typer.Context) -> None:
    """Print the versions of tiketi and Python.

    tiketi version
    tiketi --version
    """
    here = session(ctx)
    try:
        ours = installed("tiketi")
    except PackageNotFoundError:  # run from a source tree that was never installed
        ours = "0"
    python = ".".join(str(part) for part in sys.version_info[:3])
    if here.json:
        here.out.document({"tiketi": ours, "python": python})
    else:
        here.out.line(f"tiketi {ours} (Python {python})")
