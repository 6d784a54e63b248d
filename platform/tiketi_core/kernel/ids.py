"""Names for the 64-bit integers PostgreSQL makes, so that a seat can never be passed as a user."""

from typing import NewType

UserId = NewType("UserId", int)
EventId = NewType("EventId", int)
NewsId = NewType("NewsId", int)
SeatId = NewType("SeatId", int)
ReservationId = NewType("ReservationId", int)
PaymentId = NewType("PaymentId", int)
RefundId = NewType("RefundId", int)
TicketId = NewType("TicketId", int)
DeliveryId = NewType("DeliveryId", int)
SessionId = NewType("SessionId", int)
"""A family of refresh tokens; the `sid` of the access tokens that came with them."""
MessageId = NewType("MessageId", str)
"""A UUIDv7 made by the database of the service that publishes the message; the queue, which has none, makes
its own out of what its log says."""
