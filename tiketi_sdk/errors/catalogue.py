"""Leaves of the error tree: what the event service refuses, of events, news and images."""

from tiketi_sdk.errors.families import ConflictError, InvalidRequestError, NotFoundError


class NewsNotFoundError(NotFoundError):
    """There is no such news."""

    code_of_class = "news_not_found"


class ImageNotFoundError(NotFoundError):
    """There is no such image."""

    code_of_class = "image_not_found"


class ImageInvalidError(InvalidRequestError):
    """The file is not a JPEG, PNG or WebP that can be read to its end."""

    code_of_class = "image_invalid"


class ImageTooLargeError(InvalidRequestError):
    """The image has more pixels than are taken (413)."""

    code_of_class = "image_too_large"


class EventCancelledError(ConflictError):
    """A cancelled event stays as it is."""

    code_of_class = "event_cancelled"


class EventInUseError(ConflictError):
    """Only an event without seats can be removed; this one can be cancelled."""

    code_of_class = "event_in_use"


class PreconditionFailedError(ConflictError):
    """Somebody changed it since you looked (412): read it again, and decide anew."""

    code_of_class = "precondition_failed"


class EventNotFoundError(NotFoundError):
    """There is no such event."""

    code_of_class = "event_not_found"
