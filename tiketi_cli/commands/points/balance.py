"""`tiketi points balance`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.text import points


def balance(ctx: typer.Context) -> None:
    """Show how many points you have, and how many payments under way have set aside.

    tiketi points balance
    tiketi points balance --json | jq .balance
    """
    here = session(ctx)
    wallet = here.client.points.balance()
    here.out.facts(
        wallet,
        {
            "balance": points(wallet.balance),
            "set aside": points(wallet.held) if wallet.held else None,
        },
    )
