"""What happened, as one service tells the others: payloads by message name. They only ever grow."""

from typing import Literal

from tiketi_sdk.contract.fields import Instant
from tiketi_sdk.contract.operation import Wire

CancelReason = Literal["by_user", "by_admin", "payment_refunded", "event_cancelled"]
EventStatus = Literal["upcoming", "on_sale", "sold_out", "ended", "cancelled"]
RefusalReason = Literal["expired", "cancelled", "already_paid", "price_mismatch", "unknown"]


class UserRegistered(Wire):
    """An account was opened."""

    user_id: int
    email: str
    name: str


class UserPasswordResetRequested(Wire):
    """Somebody who says to be this user has forgotten the password; a mail with the token is to be sent."""

    user_id: int
    token: str
    """Good once; what it opens is the account, so it travels sealed for the service that writes the mail."""
    ttl_minutes: int
    expires_at: Instant


class EntryAdmitted(Wire):
    """Somebody's turn came in a waiting room."""

    event_id: int
    user_id: int
    number: int
    """The place they had in the line."""


class ReservationCreated(Wire):
    """Seats are held until `expires_at`."""

    reservation_id: int
    number: str
    event_id: int
    user_id: int
    seat_ids: tuple[int, ...]
    total_price: int
    expires_at: Instant


class ReservationConfirmed(Wire):
    """Seats are sold."""

    reservation_id: int
    number: str
    event_id: int
    user_id: int
    seat_ids: tuple[int, ...]
    total_price: int
    payment_id: int


class ReservationCancelled(Wire):
    """Seats were given back; a `payment_id` says which payment is to be refunded."""

    reservation_id: int
    number: str
    event_id: int
    user_id: int
    seat_ids: tuple[int, ...]
    total_price: int
    payment_id: int | None = None
    reason: CancelReason


class ReservationExpired(Wire):
    """The deadline passed without a payment."""

    reservation_id: int
    number: str
    event_id: int
    user_id: int
    seat_ids: tuple[int, ...]
    total_price: int


class ReservationRefused(Wire):
    """A payment came for a reservation that cannot be confirmed; the payment is to be refunded."""

    reservation_id: int
    payment_id: int
    user_id: int
    reason: RefusalReason


class PaymentCompleted(Wire):
    """All the money of a reservation was taken."""

    payment_id: int
    reservation_id: int
    event_id: int
    user_id: int
    total_price: int
    point_used: int
    card_amount: int


class PaymentFailed(Wire):
    """No money was taken."""

    payment_id: int
    reservation_id: int | None = None
    user_id: int
    total_price: int
    failure_code: str


class PaymentRefunded(Wire):
    """Money was given back."""

    refund_id: int
    payment_id: int
    reservation_id: int | None = None
    user_id: int
    amount: int
    points: int
    card: int
    reason: str


class PointsCharged(Wire):
    """Points were bought."""

    payment_id: int
    user_id: int
    amount: int
    balance: int


class SeatsGenerated(Wire):
    """An event has got its seats, or other ones."""

    event_id: int
    seats_count: int
    price_min: int
    price_max: int
    version: int
    """Rises with each generation for the event."""


class EventAnnounced(Wire):
    """There is a new event, or one was changed."""

    event_id: int
    version: int
    title: str
    status: EventStatus
    starts_at: Instant
    on_sale_at: Instant
    sale_ends_at: Instant


class EventStatusChanged(Wire):
    """An event's status is another than before."""

    event_id: int
    status: EventStatus
    previous: EventStatus
    changed_at: Instant
    """When it was due by the event's times, or when somebody changed it."""


class EventCancelled(Wire):
    """An event will not take place: whoever holds something for it gives it back."""

    event_id: int
    title: str
    reason: str


class EventDeleted(Wire):
    """An event is gone. It had no seats that the catalogue knew of; what it got since is given back."""

    event_id: int


MESSAGES: dict[str, type[Wire]] = {
    "user.registered": UserRegistered,
    "user.password_reset_requested": UserPasswordResetRequested,
    "entry.admitted": EntryAdmitted,
    "reservation.created": ReservationCreated,
    "reservation.confirmed": ReservationConfirmed,
    "reservation.cancelled": ReservationCancelled,
    "reservation.expired": ReservationExpired,
    "reservation.refused": ReservationRefused,
    "payment.completed": PaymentCompleted,
    "payment.failed": PaymentFailed,
    "payment.refunded": PaymentRefunded,
    "points.charged": PointsCharged,
    "seats.generated": SeatsGenerated,
    "event.created": EventAnnounced,
    "event.updated": EventAnnounced,
    "event.status_changed": EventStatusChanged,
    "event.cancelled": EventCancelled,
    "event.deleted": EventDeleted,
}
"""Every message there is; the part before the dot says which service publishes it (`user`: auth, `entry`: queue,
`points`: payment, `seats`: reservation)."""
