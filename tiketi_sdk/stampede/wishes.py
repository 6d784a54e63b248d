"""What a visitor asks for: which seats of a map, and how a price is split between points and card. Pure."""

from random import Random
from typing import Final

from tiketi_sdk.contract.payment import PayRequest
from tiketi_sdk.contract.reservation import Reservation, SeatMap
from tiketi_sdk.stampede.plan import Method

CARD_OK: Final = "toss_token_ok"
CARD_DECLINED: Final = "toss_token_declined"


def choose_seats(seats: SeatMap, count: int, random: Random) -> tuple[int, ...] | None:
    """Free seats anywhere in the hall, or None where there are not enough."""
    free = [
        row.first_seat_id + place
        for section in seats.sections
        for row in section.rows
        for place, state in enumerate(row.states)
        if state == "a"
    ]
    return tuple(random.sample(free, count)) if len(free) >= count else None


def bill(held: Reservation, method: Method, card: str) -> PayRequest:
    """The payment of a reservation: MIXED pays half in points, the odd won by card."""
    price = held.total_price
    points = {"CARD": 0, "POINT": price, "MIXED": price // 2}[method]
    return PayRequest(
        reservation_id=held.id,
        total_price=price,
        point_used=points,
        card_amount=price - points,
        pg_token=card if price > points else None,
    )


def refusals(card: str) -> set[str]:
    """What a gateway is expected to say to a card."""
    return {"card_declined"} if card == CARD_DECLINED else set()
