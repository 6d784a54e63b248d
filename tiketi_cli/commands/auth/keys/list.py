"""`tiketi auth keys list`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.text import at


def list_(ctx: typer.Context) -> None:
    """List the keys that sign access tokens, the newest first (administrators).

    tiketi auth keys list
    """
    here = session(ctx)
    here.out.items(
        here.client.auth.signing_keys().items,
        {
            "Key": lambda key: key.kid,
            "State": lambda key: key.state,
            "Made": lambda key: at(key.created_at),
            "Signs from": lambda key: at(key.signs_from),
            "Leaves": lambda key: key.retires_at and at(key.retires_at),
        },
    )
