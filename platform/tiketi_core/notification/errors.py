"""What the notification service refuses, and how a channel says that it could not deliver."""

from tiketi_core.kernel.errors import DomainError


class IdempotencyKeyReusedError(DomainError):
    """The key was used for a different message."""

    code = "idempotency_key_reused"


class DeferredError(Exception):
    """The channel did not take it now; the same again later is right."""


class RefusedError(Exception):
    """The channel will never take this."""
