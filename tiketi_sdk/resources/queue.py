"""`client.queue`: an event's waiting room, by polling; the client remembers the entry token it gives."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Protocol

from tiketi_sdk import retries
from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.contract import queue as contract
from tiketi_sdk.contract.auth import Jwks
from tiketi_sdk.contract.queue import Draw, Left, LogEntry, Place, Policy, RoomState, Stats
from tiketi_sdk.errors import (
    ApiError,
    NotInQueueError,
    TooEarlyError,
    TransportError,
    WaitTimeoutError,
)
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource
from tiketi_sdk.retries import Outage

_JITTER = 0.1
"""Each poll comes up to this share late, so that a crowd that came together does not ask together."""

_EARLY_S = 1.0
_ANSWER_S_MIN = 1.0
"""So long an answer is waited for, even at the deadline."""


class Seen(Protocol):
    """How things are, as a watch tells it."""

    @property
    def place(self) -> Place | None:
        """As last told."""

    @property
    def position(self) -> int | None:
        """As of now; None without a place in line."""

    @property
    def eta_s(self) -> float | None:
        """As of now."""


class AsyncWatched(Protocol):
    """What `client.watch` gives."""

    async def __aenter__(self) -> AsyncIterator[Seen]: ...

    async def __aexit__(self, *_: object) -> None: ...


class AsyncWatching(Protocol):
    """`client.watch` itself: handed in, because it is built on this."""

    def __call__(self, event_id: int, *, timeout_s: float | None = None) -> AsyncWatched: ...


class AsyncQueue(AsyncResource):
    """Waiting rooms. Reservations and payments of an event you were admitted to need nothing further."""

    def __init__(self, caller: AsyncCaller, *, watch: AsyncWatching | None = None) -> None:
        super().__init__(caller)
        self._watch = watch

    async def enter(self, event_id: int) -> Place:
        """Join the line; doing it again keeps your place."""
        return await self._noted(await self._ask(contract.ENTER, event_id=event_id))

    async def status(self, event_id: int) -> Place:
        """Where you stand. Raises `NotInQueueError`, and `TooEarlyError` before `next_poll_ms` are over."""
        return await self._noted(await self._ask(contract.STATUS, event_id=event_id))

    async def heartbeat(self, event_id: int) -> Place:
        """Say that you are still there. Raises `NotInQueueError`, and `TooEarlyError` as `status` does."""
        return await self._noted(await self._ask(contract.HEARTBEAT, event_id=event_id))

    async def leave(self, event_id: int) -> Left:
        """Give up your place or your session."""
        left = await self._ask(contract.LEAVE, event_id=event_id)
        await self._caller.keeper.remember_entry(event_id, None)
        return left

    async def wait_until_admitted(
        self,
        event_id: int,
        *,
        timeout_s: float | None = None,
        on_place: Callable[[Place], object] | None = None,
        live: bool = False,
    ) -> Place:
        """Enter and wait; `on_place` is told each place on the way. Polls as often as the platform asks.

        With `live` it is told by Socket.IO instead, at once and about once a second (the extra `realtime`),
        and polls only while no socket stands. A platform that does not answer for a while is waited for,
        up to five minutes. Raises `WaitTimeoutError` after `timeout_s` (never by default); you keep your place then. Raises `NotInQueueError` when the place is lost.
        """
        if live and self._watch is not None:
            return await self._follow(self._watch, event_id, timeout_s=timeout_s, on_place=on_place)
        near = self._caller.surroundings
        deadline_s = None if timeout_s is None else near.monotonic_s() + timeout_s
        place = await self.enter(event_id)
        while True:
            if on_place is not None:
                on_place(place)
            if place.state == "admitted":
                return place
            told = await self._next_place(place, deadline_s=deadline_s)
            if told is None:
                raise WaitTimeoutError(
                    f"not admitted to event {event_id} within {timeout_s} s; "
                    f"place {place.position} of {place.waiting_count} is kept"
                )
            place = told

    async def _next_place(self, place: Place, *, deadline_s: float | None) -> Place | None:
        """The place as the next answer tells it, through refusals and outages; None at the deadline.

        Asking before `next_poll_ms` are over would be in vain, so who has less time left only waits it out.
        """
        near = self._caller.surroundings
        outage = Outage()
        wait_s = place.next_poll_ms / 1_000 * (1 + _JITTER * near.chance())
        while True:
            timeout_s = self._caller.config.timeouts.request_s
            if deadline_s is not None:
                left_s = deadline_s - near.monotonic_s()
                if left_s <= wait_s:
                    await near.sleep(max(0.0, left_s))
                    return None
                timeout_s = min(timeout_s, max(_ANSWER_S_MIN, left_s - wait_s))
            await near.sleep(wait_s)
            try:
                return await self._noted(
                    await self._ask(
                        contract.STATUS,
                        event_id=place.event_id,
                        timeout_s=timeout_s,
                        patience=retries.NONE,
                    )
                )
            except TooEarlyError as early:
                # Somebody else asked for the same place, in another window perhaps.
                wait_s = min(early.retry_after_s or _EARLY_S, _EARLY_S)
            except (ApiError, TransportError) as error:
                asked_s = outage.wait_s(error, now_s=near.monotonic_s(), chance=near.chance())
                if asked_s is None:
                    raise
                wait_s = asked_s

    async def _follow(
        self,
        watch: AsyncWatching,
        event_id: int,
        *,
        timeout_s: float | None,
        on_place: Callable[[Place], object] | None,
    ) -> Place:
        async with watch(event_id, timeout_s=timeout_s) as updates:
            async for seen in updates:
                place = seen.place
                if place is None:
                    continue
                if place.state == "waiting" and seen.position is not None:
                    now = {"position": seen.position, "eta_s": seen.eta_s}
                    place = place.model_copy(update=now)
                if on_place is not None:
                    on_place(place)
                if place.state == "admitted":
                    return place
        raise NotInQueueError(
            f"the place in the line of event {event_id} is lost", status=404, code="not_in_queue"
        )

    async def policy(self, event_id: int) -> Policy:
        """The policy in force (administrators)."""
        return await self._ask(contract.POLICY, event_id=event_id)

    async def set_policy(
        self,
        event_id: int,
        *,
        capacity: int | None = None,
        admit_per_second: int | None = None,
        session_ttl_s: int | None = None,
        waiting_max: int | None = None,
        state: RoomState | None = None,
        grace_s: int | None = None,
        opens_at: datetime | None = None,
    ) -> Policy:
        """Change how people are let in, at once (administrators); what is left out stays.

        With `opens_at` a draw is held then among those who came before. Raises `LineFormedError` once
        somebody has a number.
        """
        return await self._ask(
            contract.SET_POLICY,
            event_id=event_id,
            capacity=capacity,
            admit_per_second=admit_per_second,
            session_ttl_s=session_ttl_s,
            waiting_max=waiting_max,
            state=state,
            grace_s=grace_s,
            opens_at=opens_at,
        )

    async def draw(self, event_id: int) -> Draw:
        """The whole receipt of the draw, public once it was held; `tiketi_sdk.draw.check` repeats the draw.

        Raises `DrawNotFoundError`.
        """
        receipt = await self._ask(contract.DRAW, event_id=event_id)
        draw_ids = list(receipt.draw_ids)
        while len(draw_ids) < receipt.count:
            page = await self._ask(contract.DRAW, event_id=event_id, first=len(draw_ids) + 1)
            if not page.draw_ids:
                break
            draw_ids += page.draw_ids
        return receipt.model_copy(update={"draw_ids": tuple(draw_ids)})

    async def stats(self, event_id: int) -> Stats:
        """The waiting room at a glance (administrators)."""
        return await self._ask(contract.STATS, event_id=event_id)

    def log(
        self, event_id: int, *, cursor: str | None = None, limit: int = 5_000
    ) -> AsyncListing[LogEntry]:
        """The admission log in the order in which things happened (administrators)."""
        return self._listing(contract.LOG, event_id=event_id, cursor=cursor, limit=limit)

    async def jwks(self) -> Jwks:
        """The public keys that entry tokens are verified with."""
        return await self._ask(contract.JWKS)

    async def _noted(self, place: Place) -> Place:
        await self._caller.keeper.remember_entry(place.event_id, place.entry_token)
        return place
