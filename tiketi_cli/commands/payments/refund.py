"""`tiketi payments refund`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import DryRun, Key, Yes
from tiketi_cli.text import points, won


def refund(
    ctx: typer.Context,
    *,
    payment_id: Annotated[int, typer.Argument(metavar="PAYMENT", min=1, help="The payment's id.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the customer reads it.")],
    amount: Annotated[
        int | None,
        typer.Option("--amount", metavar="WON", min=1, help="All that is left unless given."),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    idempotency_key: Key = None,
) -> None:
    """Give money back, points as points and card as card (administrators).

        tiketi payments refund 1 --reason "공연 지연"
        tiketi payments refund 1 --amount 5000 --reason "partial" --yes
        tiketi payments refund 1 --reason test --dry-run

    While a part of the money stays here, the seats stay sold. When all of it has gone back, the reservation
    is cancelled and its seats are free for others, unless somebody has come in on one of its tickets.
    """
    here = session(ctx)
    if dry_run or not yes:
        payment = here.client.payments.get(payment_id)
        left = payment.total_price - payment.refunded_points - payment.refunded_card
        back = left if amount is None else amount
        ends = payment.reservation_id if back >= left else None
        if dry_run:
            here.out.facts(
                {
                    "payment_id": payment.id,
                    "would_refund": back,
                    "left": left,
                    "would_cancel_reservation_id": ends,
                },
                {
                    "payment": payment.id,
                    "would give back": won(back),
                    "of": won(left),
                    "would cancel reservation": ends,
                },
            )
            return
        question = f"Give back {won(back)} of payment {payment_id} ({won(left)} left)"
        if ends is not None:
            question += f" and cancel reservation {ends}, unless a ticket of it was used"
        here.confirm(f"{question}?", yes=False)
    done = here.client.payments.refund(
        payment_id, reason=reason, amount=amount, idempotency_key=idempotency_key
    )
    here.out.facts(
        done,
        {
            "refund": done.id,
            "amount": won(done.amount),
            "points": points(done.points) if done.points else None,
            "card": won(done.card) if done.card else None,
            "status": done.status,
        },
    )
