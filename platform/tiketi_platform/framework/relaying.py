"""What a service's messages are carried by, as the runtime sees it; carries nothing itself."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.kernel.message import Message


class Publisher(Protocol):
    """Where messages go: adapters/redis/bus.py, adapters/aws/bus.py."""

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        """All or none, in order. Raises UnavailableError when it is full or does not answer."""
        ...

    async def trim(self, service: str, groups: Sequence[str]) -> None:
        """Let every group exist, and drop what all have acknowledged. Raises UnavailableError."""
        ...


class Worker(Protocol):
    """A relay or a consumer."""

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""

    async def run(self) -> None:
        """Work until `stop`."""


class Outbox(Protocol):
    """What a service has written down to be told, where that is not its schema's outbox table."""

    def relay(self, publisher: Publisher, groups: Sequence[str]) -> Worker:
        """Carries it to `publisher`; every replica runs one. `groups`: the services that listen."""
        ...

    async def count(self) -> int:
        """How much is not on the bus yet; 0 means nothing."""
        ...
