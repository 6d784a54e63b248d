"""What the notification service refuses, and how a channel says that it could not deliver."""

from tiketi_core.kernel.errors import DomainError


class IdempotencyKeyReusedError(DomainError):
    """The key was used for a different message."""

    code = "idempotency_key_reused"


class DeliveryNotFoundError(DomainError):
    """There is no such dead letter, or it was replayed already."""

    code = "delivery_not_found"


class ChannelError(Exception):
    """A channel did not deliver.

    ├── DeferredError           later: the same again is right
    │   └── ProviderDownError   later: the provider does not answer at all, so it is not this delivery's fault
    └── RefusedError            never: this will not be taken however often it is offered
    """


class DeferredError(ChannelError):
    """The channel did not take it now; the same again later is right."""


class ProviderDownError(DeferredError):
    """The provider cannot be reached or refuses everybody; such a try is not counted."""


class RefusedError(ChannelError):
    """The channel will never take this."""
