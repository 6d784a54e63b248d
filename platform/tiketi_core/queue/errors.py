"""Everything a waiting room refuses, one class per code."""

from tiketi_core.kernel.errors import DomainError, UnavailableError


class EventNotFoundError(DomainError):
    """There is no such event."""

    code = "event_not_found"


class NotOnSaleError(DomainError):
    """The event is not on sale, so there is nothing to wait for."""

    code = "not_on_sale"


class NotInQueueError(DomainError):
    """You have no place in this waiting room and no session either."""

    code = "not_in_queue"


class WaitingRoomClosedError(DomainError):
    """The waiting room takes nobody any more."""

    code = "waiting_room_closed"


class WaitingRoomFullError(DomainError):
    """As many people as allowed are waiting already."""

    code = "waiting_room_full"


class TooEarlyError(DomainError):
    """You asked before the time you were told; your place is kept."""

    code = "too_early"


class EntersLimitedError(DomainError):
    """You entered or left too often in a short time; a place you have is kept."""

    code = "rate_limited"


class LineFormedError(DomainError):
    """Somebody has a number in this line already, so opens_at comes too late."""

    code = "line_formed"


class DrawNotFoundError(DomainError):
    """No draw was held for this event, or not yet."""

    code = "draw_not_found"


class QueueUnavailableError(UnavailableError):
    """The waiting room's store does not answer; places in the line are kept."""

    code = "queue_unavailable"
