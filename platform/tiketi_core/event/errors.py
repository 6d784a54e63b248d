"""Why the catalogue refuses; nothing has changed then."""

from tiketi_core.kernel.errors import DomainError


class EventNotFoundError(DomainError):
    """There is no such event."""

    code = "event_not_found"


class IdempotencyKeyReusedError(DomainError):
    """This Idempotency-Key came with a different event before."""

    code = "idempotency_key_reused"
