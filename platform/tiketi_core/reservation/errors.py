"""Why seats, reservations and tickets are refused; every class has a stable code and changes nothing."""

from tiketi_core.kernel.errors import DomainError


class EventNotFoundError(DomainError):
    """There is no such event, or it has no seats."""

    code = "event_not_found"


class LayoutNotFoundError(DomainError):
    """There is no layout of that name."""

    code = "layout_not_found"


class SeatsInUseError(DomainError):
    """Seats of this event are held or sold, so its hall cannot change."""

    code = "seats_in_use"


class NotOnSaleError(DomainError):
    """The event is not on sale right now."""

    code = "not_on_sale"


class SeatNotFoundError(DomainError):
    """The event has no such seat."""

    code = "seat_not_found"


class SeatTakenError(DomainError):
    """Somebody else has a hand on one of these seats."""

    code = "seat_taken"


class SoldOutError(DomainError):
    """There are fewer free seats than were asked for."""

    code = "sold_out"


class SeatLimitReachedError(DomainError):
    """That would be more seats of this event than one person may have."""

    code = "seat_limit_reached"


class ReservationNotFoundError(DomainError):
    """There is no such reservation, or it is somebody else's."""

    code = "reservation_not_found"


class ReservationNotCancellableError(DomainError):
    """The reservation has expired, or a ticket of it was used."""

    code = "reservation_not_cancellable"


class TooLateToCancelError(DomainError):
    """The event has begun; what was bought for it is not given back any more."""

    code = "too_late_to_cancel"


class IdempotencyKeyReusedError(DomainError):
    """This Idempotency-Key came with a different request before."""

    code = "idempotency_key_reused"


class TicketNotFoundError(DomainError):
    """There is no such ticket, or it is somebody else's."""

    code = "ticket_not_found"


class TicketInvalidError(DomainError):
    """The platform did not sign this code, or the ticket was cancelled."""

    code = "ticket_invalid"


class TicketUsedError(DomainError):
    """Somebody came in with this ticket before."""

    code = "ticket_used"


class TicketOfOtherEventError(DomainError):
    """The ticket is for another event than this door's; it was not used."""

    code = "ticket_of_other_event"
