"""Reads what reservations say of an event's seats; only seats that were paid for count as sold."""

from tiketi_core.event.model import SeatsGenerated, SeatsSold
from tiketi_core.kernel.ids import EventId
from tiketi_core.kernel.message import Message
from tiketi_sdk.contract import messages as told


def read(message: Message) -> SeatsSold | SeatsGenerated:
    """A message of the reservation service; ValueError for a payload that is not what its name says."""
    payload = dict(message.payload)
    if message.name == "seats.generated":
        seats = told.SeatsGenerated.model_validate(payload, strict=False)
        return SeatsGenerated(
            EventId(seats.event_id),
            version=seats.version,
            seats_count=seats.seats_count,
            price_min=seats.price_min,
            price_max=seats.price_max,
        )
    if message.name == "reservation.confirmed":
        sold = told.ReservationConfirmed.model_validate(payload, strict=False)
        return SeatsSold(EventId(sold.event_id), len(sold.seat_ids))
    given = told.ReservationCancelled.model_validate(payload, strict=False)
    # Without a payment it was only held, and was never counted.
    was_sold = given.payment_id is not None or given.reason == "payment_refunded"
    return SeatsSold(EventId(given.event_id), -len(given.seat_ids) if was_sold else 0)
