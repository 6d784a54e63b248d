"""What can be asked of the waiting room: whose event, whose clock, and what the answer says to a client.

Order, capacity and pace are the room's own business (rules.py, and the scripts that mirror it).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError, InvalidRequestError, UnavailableError
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue import polls, rules
from tiketi_core.queue.draw import draw_id
from tiketi_core.queue.errors import (
    DrawNotFoundError,
    EntersLimitedError,
    EventNotFoundError,
    NotInQueueError,
    NotOnSaleError,
    TooEarlyError,
    WaitingRoomClosedError,
    WaitingRoomFullError,
)
from tiketi_core.queue.model import (
    Admitted,
    Gathered,
    Gathering,
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Purchase,
    ReceiptPage,
    Refusal,
    RoomState,
    Tally,
    TooEarly,
    Waiting,
    Was,
)
from tiketi_core.queue.ports import EntryTokens, EventCatalogue, Room, Sale
from tiketi_core.queue.tokens import RememberedTokens

GATHERINGS_MAX: Final = 1_024
"""Events whose commitment one process remembers; it never changes."""


class Standing(NamedTuple):
    """Where a user stands, and what the answer tells the client to do; a tuple, because one is made per answer."""

    event_id: EventId
    placement: Placement
    next_poll_ms: int = polls.POLL_MS_MAX
    entry_token: str | None = None
    draw_id: str | None = None
    """While gathered: the user's pseudonym in the draw to come."""
    commitment: str | None = None
    """While gathered: what the platform has committed to."""


class WaitingRoom:
    """The waiting rooms of all events, as a client of the service sees them."""

    def __init__(
        self, *, room: Room, events: EventCatalogue, tokens: EntryTokens, clock: Clock
    ) -> None:
        self._room = room
        self._events = events
        self._tokens = RememberedTokens(tokens)
        self._clock = clock
        self._gatherings: dict[EventId, Gathering] = {}

    async def enter(self, event_id: EventId, user_id: UserId) -> Standing:
        """Join the line, or keep the place one has. Before the sale only where the line begins with a draw:
        gather for it, or queue behind those drawn.

        Raises EventNotFoundError, NotOnSaleError, WaitingRoomClosedError, WaitingRoomFullError,
        EntersLimitedError.
        """
        sale = await self._sale(event_id)
        if sale is Sale.NOT_ON_SALE:
            raise NotOnSaleError(field="event_id")
        (answer,) = await self._room.enter(
            event_id,
            (user_id,),
            now_ms=self._clock.now_ms(),
            before_sale=sale is Sale.UPCOMING,
        )
        if isinstance(answer, Refusal):
            raise _refused(answer)
        return await self._standing(event_id, user_id, answer)

    async def status(self, event_id: EventId, user_id: UserId, *, polls: bool = True) -> Standing:
        """Where a user stands; asking is a sign of life. Raises NotInQueueError.

        With `polls`, raises TooEarlyError before the time the last answer gave.
        """
        placement = await self._room.status(
            event_id, user_id, now_ms=self._clock.now_ms(), polls=polls
        )
        if placement is None:
            raise NotInQueueError
        if isinstance(placement, TooEarly):
            raise TooEarlyError(retry_after_s=placement.left_ms / 1000)
        return await self._standing(event_id, user_id, placement)

    async def leave(self, event_id: EventId, user_id: UserId) -> Was:
        """Give up a place or a session; whoever has neither is absent, which is no error."""
        return await self._room.leave(event_id, user_id, now_ms=self._clock.now_ms())

    async def bought(self, purchase: Purchase) -> None:
        """A reservation was paid: its session is over. May be told twice."""
        await self._room.purchase(purchase, now_ms=self._clock.now_ms())

    async def set_policy(self, event_id: EventId, change: PolicyChange) -> Policy:
        """Change the policy from the next admission on.

        Raises EventNotFoundError; LineFormedError; InvalidRequestError for a draw before the sale begins,
        because those admitted then could buy nothing.
        """
        if await self._sale(event_id) is Sale.UPCOMING and change.opens_at_ms is not None:
            on_sale_at_ms = await self._events.on_sale_at_ms(event_id)
            if change.opens_at_ms < on_sale_at_ms:
                raise InvalidRequestError("the sale begins later than that", field="opens_at")
        return await self._room.set_policy(event_id, change, now_ms=self._clock.now_ms())

    async def close(self, event_id: EventId) -> None:
        """Let nobody in any more and send away who is there, whatever has become of the event.

        Raises QueueUnavailableError while a draw is under way. May be done twice.
        """
        now_ms = self._clock.now_ms()
        await self._room.set_policy(event_id, PolicyChange(state=RoomState.CLOSED), now_ms=now_ms)
        while await self._room.clear(event_id, now_ms=self._clock.now_ms()):
            pass

    async def commitment(self, event_id: EventId) -> str | None:
        """What was committed to for the event's draw, None if it has none."""
        gathering = await self._gathering(event_id)
        return None if gathering is None else gathering.commitment

    async def receipt(self, event_id: EventId, *, first: int, limit: int) -> ReceiptPage:
        """The draw that was held, with the pseudonyms that drew `first` and on. Raises DrawNotFoundError."""
        page = await self._room.receipt(event_id, first=first, limit=limit)
        if page is None:
            raise DrawNotFoundError(field="event_id")
        return page

    async def tally(self, event_id: EventId) -> Tally:
        """Policy and counts. Raises as `check` does."""
        await self.check(event_id)
        return await self._room.tally(event_id, now_ms=self._clock.now_ms())

    async def log(
        self, event_id: EventId, *, after: str | None, limit: int
    ) -> tuple[Sequence[LogLine], str | None]:
        """A page of the admission log and the id to go on after, None at its end."""
        await self._sale(event_id)
        lines = await self._room.log(event_id, after=after, limit=limit)
        return lines, lines[-1].id if len(lines) == limit else None

    async def active(self) -> Sequence[EventId]:
        """The events whose rooms want pumping."""
        return await self._room.active()

    async def pump(self, event_id: EventId) -> Pumped:
        """Let one batch into a room, as far as it has room. Every replica may do this at any time."""
        pumped = await self._room.admit(event_id, now_ms=self._clock.now_ms())
        if pumped.idle:
            await self._room.retire(event_id, now_ms=self._clock.now_ms())
        return pumped

    async def draw(self, event_id: EventId) -> bool:
        """Hold the draw that is due, and whether there was one. It may take seconds; one replica does it."""
        return await self._room.draw(event_id, now_ms=self._clock.now_ms())

    async def check(self, event_id: EventId) -> None:
        """Raise EventNotFoundError where there is no such event.

        While nobody can tell, an event that has a room is one, because only those were given any; for
        others raises UnavailableError.
        """
        try:
            await self._sale(event_id)
        except UnavailableError:
            if not await self._room.exists(event_id):
                raise

    async def _sale(self, event_id: EventId) -> Sale:
        sale = await self._events.sale(event_id)
        if sale is Sale.UNKNOWN_EVENT:
            raise EventNotFoundError(field="event_id")
        return sale

    async def _gathering(self, event_id: EventId) -> Gathering | None:
        gathering = self._gatherings.get(event_id)
        if gathering is None:
            gathering = await self._room.gathering(event_id)
            if gathering is not None:
                while len(self._gatherings) >= GATHERINGS_MAX:
                    del self._gatherings[next(iter(self._gatherings))]
                self._gatherings[event_id] = gathering
        return gathering

    async def _standing(self, event_id: EventId, user_id: UserId, placement: Placement) -> Standing:
        if isinstance(placement, Waiting):
            return Standing(event_id, placement, placement.next_poll_ms)
        if isinstance(placement, Gathered):
            gathering = await self._gathering(event_id)
            assert gathering is not None, "whoever gathers was promised a draw"
            return Standing(
                event_id,
                placement,
                placement.next_poll_ms,
                draw_id=draw_id(gathering.salt, event_id, user_id),
                commitment=gathering.commitment,
            )
        return Standing(event_id, placement, entry_token=self._token(event_id, user_id, placement))

    def _token(self, event_id: EventId, user_id: UserId, session: Admitted) -> str:
        return self._tokens.entry(user_id, event_id, session, now_ms=self._clock.now_ms())


def _refused(refusal: Refusal) -> DomainError:
    match refusal:
        case Refusal.CLOSED:
            return WaitingRoomClosedError()
        case Refusal.FULL:
            return WaitingRoomFullError(retry_after_s=polls.POLL_MS_MAX / 1000)
        case Refusal.BEFORE_SALE:
            return NotOnSaleError(field="event_id")
        case Refusal.TOO_OFTEN:
            return EntersLimitedError(retry_after_s=rules.ENTER_WINDOW_MS / 1000)
