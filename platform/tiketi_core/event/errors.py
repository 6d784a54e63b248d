"""Why the catalogue refuses; nothing has changed then."""

from tiketi_core.kernel.errors import DomainError


class EventNotFoundError(DomainError):
    """There is no such event."""

    code = "event_not_found"


class NewsNotFoundError(DomainError):
    """There is no such news."""

    code = "news_not_found"


class ImageNotFoundError(DomainError):
    """There is no such image."""

    code = "image_not_found"


class ImageInvalidError(DomainError):
    """The file is not a JPEG, PNG or WebP that can be read to its end."""

    code = "image_invalid"


class ImageTooLargeError(DomainError):
    """The image has more pixels than are taken."""

    code = "image_too_large"


class TooManyPortraitsError(DomainError):
    """So many pictures of yours came today that the next has to wait."""

    code = "rate_limited"


class EventCancelledError(DomainError):
    """A cancelled event stays as it is."""

    code = "event_cancelled"


class EventInUseError(DomainError):
    """The event has seats, so people may hold something for it: cancel it instead."""

    code = "event_in_use"


class PreconditionFailedError(DomainError):
    """It was changed since you looked: read it again, and decide anew."""

    code = "precondition_failed"


class IdempotencyKeyReusedError(DomainError):
    """This Idempotency-Key came with something different before."""

    code = "idempotency_key_reused"
