"""What notifications need from the outside: books, addresses, words, a channel, a clock and dice."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import (
    ChannelName,
    Contact,
    Delivery,
    Language,
    Letter,
    Notice,
    Outcome,
    Words,
)


class Deliveries(Protocol):
    """Keeps what is to be told and what was."""

    async def record(self, notices: Sequence[Notice], channels: Sequence[ChannelName]) -> int:
        """Keep those whose message is new, a delivery for each of `channels` its user can be reached by.

        Returns how many deliveries were.
        """
        ...

    async def claim(self, channel: ChannelName, limit: int) -> Sequence[Delivery]:
        """Lease deliveries of one channel that are due; no other process gets them until the lease ends."""
        ...

    def kept(self, due: Sequence[Delivery]) -> AbstractAsyncContextManager[object]:
        """Within it the leases do not end, however long the block takes."""
        ...

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down how tries went; of a delivery that somebody else has claimed since, nothing."""
        ...


class Contacts(Protocol):
    """Knows where users are reached."""

    async def find(self, user_ids: Sequence[UserId]) -> dict[UserId, Contact]:
        """Those that exist; UnavailableError when nobody can say."""
        ...


class Templates(Protocol):
    """Puts notices into words."""

    def subject(self, notice: Notice, language: Language) -> str:
        """One line; raises RefusedError when the payload does not fit."""
        ...

    def words(self, delivery: Delivery, contact: Contact) -> Words:
        """All of it, in the language the user wants; raises RefusedError when the payload does not fit."""
        ...


class Channel(Protocol):
    """A way to reach people."""

    async def send(self, letter: Letter) -> None:
        """Return when it was taken; raises ProviderDownError, DeferredError or RefusedError."""
        ...


class Dice(Protocol):
    """Chance, for spreading retries."""

    def fraction(self) -> float:
        """A number in [0, 1)."""
        ...
