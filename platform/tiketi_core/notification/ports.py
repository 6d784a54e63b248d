"""What notifications need from the outside: books, addresses, words, a channel and dice."""

from collections.abc import Sequence
from typing import Protocol

from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import Contact, Delivery, Notice, Outcome


class Deliveries(Protocol):
    """Keeps what is to be told and what was."""

    async def record(self, notices: Sequence[Notice]) -> int:
        """Keep those whose message is new; returns how many were."""
        ...

    async def claim(self, limit: int) -> Sequence[Delivery]:
        """Lease deliveries that are due; no other process gets them until the lease ends."""
        ...

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down how tries went."""
        ...


class Contacts(Protocol):
    """Knows where users are reached."""

    async def find(self, user_ids: Sequence[UserId]) -> dict[UserId, Contact]:
        """Those that exist; UnavailableError when nobody can say."""
        ...


class Templates(Protocol):
    """Puts notices into words."""

    def subject(self, notice: Notice) -> str:
        """One line."""
        ...

    def bodies(self, notice: Notice, contact: Contact) -> tuple[str, str]:
        """Plain text and HTML."""
        ...


class Channel(Protocol):
    """A way to reach people."""

    async def send(self, delivery: Delivery, contact: Contact, *, text: str, html: str) -> None:
        """Return when it was taken; raises DeferredError or RefusedError."""
        ...


class Dice(Protocol):
    """Chance, for spreading retries."""

    def fraction(self) -> float:
        """A number in [0, 1)."""
        ...
