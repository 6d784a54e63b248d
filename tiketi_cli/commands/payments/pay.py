"""`tiketi payments pay`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.context import Session, session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import SANDBOX_TOKEN, Key, Reservation, Token
from tiketi_cli.text import points as as_points
from tiketi_cli.text import won
from tiketi_sdk.contract.codes import Exit

if TYPE_CHECKING:
    from tiketi_sdk.contract.payment import Payment

_WAIT_S_MAX = 15.0


def pay(
    ctx: typer.Context,
    *,
    reservation_id: Reservation,
    points: Annotated[
        int | None, typer.Option("--points", metavar="N", min=0, help="How much by points.")
    ] = None,
    card: Annotated[
        int | None, typer.Option("--card", metavar="WON", min=0, help="How much by card.")
    ] = None,
    token: Token = SANDBOX_TOKEN,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Come back once the reservation is confirmed.")
    ] = True,
    idempotency_key: Key = None,
) -> None:
    """Pay a reservation: all by card, unless --points or --card say otherwise.

        tiketi payments pay 1
        tiketi payments pay 1 --points 5000
        tiketi payments pay 1 --card 0
        tiketi payments pay 1 --points 5000 --card 15000 --token toss_token_ok

    What one of --points and --card leaves open the other pays. Exit status 7 when the reservation ended
    without tickets, 9 when it is not known yet: `tiketi reservations show` tells how it went on.
    """
    here = session(ctx)
    reservation = here.client.reservations.get(reservation_id)
    point_used, card_amount = _shares(reservation.total_price, points, card)
    payment = here.client.payments.create(
        reservation,
        point_used=point_used,
        card_amount=card_amount,
        total_price=reservation.total_price,
        pg_token=token if card_amount else None,
        idempotency_key=idempotency_key,
    )
    status = _settled(here, payment) if wait and payment.status != "FAILED" else None
    here.out.facts(
        payment,
        {
            "payment": payment.id,
            "method": payment.payment_method,
            "price": won(payment.total_price),
            "points": as_points(payment.point_used) if payment.point_used else None,
            "card": won(payment.card_amount) if payment.card_amount else None,
            "status": payment.status,
            "reservation": status,
        },
    )
    if payment.status == "FAILED":
        raise typer.Exit(Exit.PAYMENT)
    if status == "CONFIRMED":
        here.out.say(f"next: tiketi tickets list --reservation {reservation_id}")
    elif status is not None:
        here.out.say(f"no tickets: the reservation is {status}; what was paid is given back")
        raise typer.Exit(Exit.CONFLICT)
    elif wait or payment.status != "COMPLETED":
        raise typer.Exit(Exit.UNAVAILABLE)


def _shares(price: int, points: int | None, card: int | None) -> tuple[int, int]:
    """Points and won that together are the price; amounts that are not go to the platform as they are."""
    if points is None and card is None:
        return 0, price
    if points is None:
        return _rest(price, card or 0, "--card"), card or 0
    if card is None:
        return points, _rest(price, points, "--points")
    return points, card


def _rest(price: int, given: int, option: str) -> int:
    if given > price:
        raise UsageError(f"{option} {given:,} is more than the price", f"the price is {won(price)}")
    return price - given


def _settled(here: Session, payment: "Payment") -> str | None:
    from tiketi_sdk.errors import ServiceUnavailableError, TransportError, WaitTimeoutError

    if payment.status == "PENDING" or payment.reservation_id is None:
        here.out.say("the card company has not answered yet; it will be settled either way")
        return None
    try:
        settled = here.client.reservations.wait_until_settled(
            payment.reservation_id, timeout_s=_WAIT_S_MAX
        )
    except (WaitTimeoutError, TransportError, ServiceUnavailableError):
        here.out.say("paid; the confirmation is on its way")
        return None
    return settled.status
