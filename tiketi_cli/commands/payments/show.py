"""`tiketi payments show`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.text import points, when, won


def show(
    ctx: typer.Context,
    payment_id: Annotated[int, typer.Argument(metavar="PAYMENT", min=1, help="The payment's id.")],
) -> None:
    """Show one payment, and what of it was given back.

    tiketi payments show 1
    tiketi payments show 1 --json | jq -r .status
    """
    here = session(ctx)
    payment = here.client.payments.get(payment_id)
    here.out.facts(
        payment,
        {
            "id": payment.id,
            "for": payment.purpose,
            "reservation": payment.reservation_id,
            "status": payment.status,
            "method": payment.payment_method,
            "price": won(payment.total_price),
            "points": points(payment.point_used) if payment.point_used else None,
            "card": won(payment.card_amount) if payment.card_amount else None,
            "points back": points(payment.refunded_points) if payment.refunded_points else None,
            "card back": won(payment.refunded_card) if payment.refunded_card else None,
            "failed": payment.failure_code,
            "begun": when(payment.created_at),
            "done": when(payment.completed_at),
        },
    )
