"""`tiketi points charge`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import SANDBOX_TOKEN, Key, Token
from tiketi_cli.text import points, won
from tiketi_sdk.contract.codes import Exit


def charge(
    ctx: typer.Context,
    *,
    amount: Annotated[
        int, typer.Argument(metavar="AMOUNT", min=100, max=100_000_000, help="How many, in won.")
    ],
    token: Token = SANDBOX_TOKEN,
    idempotency_key: Key = None,
) -> None:
    """Buy points by card; 1 point is 1 won.

        tiketi points charge 10000
        tiketi points charge 50000 --token toss_token_declined

    Exit status 9 while the card company has not said yes or no.
    """
    here = session(ctx)
    done = here.client.points.charge(amount, pg_token=token, idempotency_key=idempotency_key)
    here.out.facts(
        done,
        {
            "charged": points(done.amount),
            "by card": won(done.amount),
            "balance": points(done.balance),
            "status": done.status,
            "payment": done.payment_id,
        },
    )
    if done.status == "PENDING":
        here.out.say("the card company has not answered yet; the points follow if it says yes")
        raise typer.Exit(Exit.UNAVAILABLE)
