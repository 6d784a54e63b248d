"""What can be asked of the waiting room: whose event, whose clock, and what the answer says to a client.

Order, capacity and pace are the room's own business (rules.py, and the scripts that mirror it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue import rules
from tiketi_core.queue.errors import (
    EventNotFoundError,
    NotInQueueError,
    NotOnSaleError,
    WaitingRoomClosedError,
    WaitingRoomFullError,
)
from tiketi_core.queue.model import (
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Purchase,
    Refusal,
    Tally,
    Waiting,
    Was,
)
from tiketi_core.queue.ports import EntryTokens, EventCatalogue, Room, Sale

PUMP_ROUNDS_MAX: Final = 50
"""Batches one pumping admits per room before the next room has its turn."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a user stands, and what the answer tells the client to do."""

    event_id: EventId
    placement: Placement
    eta_s: float | None = None
    next_poll_ms: int = rules.POLL_MS_MAX
    entry_token: str | None = None


class WaitingRoom:
    """The waiting rooms of all events, as a client of the service sees them."""

    def __init__(
        self, *, room: Room, events: EventCatalogue, tokens: EntryTokens, clock: Clock
    ) -> None:
        self._room = room
        self._events = events
        self._tokens = RememberedTokens(tokens)
        self._clock = clock

    async def enter(self, event_id: EventId, user_id: UserId) -> Standing:
        """Join the line, or keep the place one has.

        Raises EventNotFoundError, NotOnSaleError, WaitingRoomClosedError, WaitingRoomFullError.
        """
        if await self._sale(event_id) is not Sale.ON_SALE:
            raise NotOnSaleError(field="event_id")
        now_ms = self._clock.now_ms()
        (answer,) = await self._room.enter(event_id, (user_id,), now_ms=now_ms)
        if answer is Refusal.CLOSED:
            raise WaitingRoomClosedError
        if answer is Refusal.FULL:
            raise WaitingRoomFullError(retry_after_s=rules.POLL_MS_MAX / 1000)
        return self._standing(event_id, user_id, answer)

    async def status(self, event_id: EventId, user_id: UserId) -> Standing:
        """Where a user stands; asking is a sign of life. Raises NotInQueueError."""
        placement = await self._room.status(event_id, user_id, now_ms=self._clock.now_ms())
        if placement is None:
            raise NotInQueueError
        return self._standing(event_id, user_id, placement)

    async def leave(self, event_id: EventId, user_id: UserId) -> Was:
        """Give up a place or a session; whoever has neither is absent, which is no error."""
        return await self._room.leave(event_id, user_id, now_ms=self._clock.now_ms())

    async def bought(self, purchase: Purchase) -> None:
        """A reservation was paid: its session is over. May be told twice."""
        await self._room.purchase(purchase, now_ms=self._clock.now_ms())

    async def set_policy(self, event_id: EventId, change: PolicyChange) -> Policy:
        """Change the policy from the next admission on. Raises EventNotFoundError."""
        await self._sale(event_id)
        return await self._room.set_policy(event_id, change, now_ms=self._clock.now_ms())

    async def tally(self, event_id: EventId) -> Tally:
        """Policy and counts. Raises EventNotFoundError."""
        await self._sale(event_id)
        return await self._room.tally(event_id, now_ms=self._clock.now_ms())

    async def log(
        self, event_id: EventId, *, after: str | None, limit: int
    ) -> tuple[Sequence[LogLine], str | None]:
        """A page of the admission log and the id to go on after, None at its end."""
        await self._sale(event_id)
        lines = await self._room.log(event_id, after=after, limit=limit)
        return lines, lines[-1].id if len(lines) == limit else None

    async def pump(self) -> None:
        """Let people in wherever there is room. Every replica may do this at any time."""
        for event_id in await self._room.active():
            pumped = await self._room.admit(event_id, now_ms=self._clock.now_ms())
            rounds = 1
            while pumped.more and rounds < PUMP_ROUNDS_MAX:
                pumped = await self._room.admit(event_id, now_ms=self._clock.now_ms())
                rounds += 1
            if pumped.idle:
                await self._room.retire(event_id, now_ms=self._clock.now_ms())

    async def _sale(self, event_id: EventId) -> Sale:
        sale = await self._events.sale(event_id)
        if sale is Sale.UNKNOWN_EVENT:
            raise EventNotFoundError(field="event_id")
        return sale

    def _standing(self, event_id: EventId, user_id: UserId, placement: Placement) -> Standing:
        if isinstance(placement, Waiting):
            position, pace = placement.position, placement.pace_milli
            return Standing(
                event_id,
                placement,
                rules.eta_s(position, pace),
                rules.next_poll_ms(position, pace, grace_s=placement.grace_s),
            )
        token = self._tokens.sign_entry(user_id, event_id, placement.number, placement.ends_at_ms)
        return Standing(event_id, placement, entry_token=token)


class RememberedTokens:
    """Signs each admission once, and remembers the tokens signed last."""

    def __init__(self, tokens: EntryTokens, *, tokens_max: int = bounds.token_cache_max) -> None:
        self._tokens = tokens
        self._tokens_max = tokens_max
        self._signed: dict[tuple[UserId, EventId, int, int], str] = {}

    def sign_entry(
        self, user_id: UserId, event_id: EventId, number: int, expires_at_ms: int
    ) -> str:
        """The token of this admission."""
        admission = (user_id, event_id, number, expires_at_ms)
        token = self._signed.get(admission)
        if token is None:
            token = self._tokens.sign_entry(user_id, event_id, number, expires_at_ms)
            while len(self._signed) >= self._tokens_max:
                del self._signed[next(iter(self._signed))]
            self._signed[admission] = token
        return token
