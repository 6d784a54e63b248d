"""What a service's messages are carried by, as runtime and services see it; carries nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a group gave up on."""

    entry: str
    """Its id where it came from."""
    message: Message | None
    """None for what was no message."""
    reason: str
    attempts_count: int
    id: str
    """Its id among the dead letters."""
    at_ms: int
    """When it was given up, or where that is not known, published."""


class DeadLetters(Protocol):
    """Where messages are that a group gave up on. Each method raises UnavailableError."""

    async def dead_letters(
        self, service: str, group: str, *, limit: int, below: str | None = None
    ) -> list[DeadLetter]:
        """Up to `limit`, where they have an order below the id `below`; less means that there are no more."""
        ...

    async def find_dead(self, service: str, group: str, ids: Sequence[str]) -> list[DeadLetter]:
        """Those of these ids that are there."""
        ...

    async def forget_dead(self, service: str, group: str, ids: Sequence[str]) -> None:
        """Drop those that were looked at and dealt with."""
        ...
