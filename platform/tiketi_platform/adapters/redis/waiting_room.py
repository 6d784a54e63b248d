"""The waiting rooms in Redis: each method is one round trip and one atomic script; it decides nothing.

Implements the port `tiketi_core.queue.ports.Room`. A script that is interrupted by a lost connection may
or may not have run; every one of them may be repeated.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Final, cast

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue import draw
from tiketi_core.queue.draw import DrawSecrets
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_core.queue.model import (
    Gathering,
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Purchase,
    ReceiptPage,
    Refusal,
    Tally,
    TooEarly,
    Was,
)
from tiketi_platform.adapters.redis import keys, room_replies
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.replies import (
    Argument,
    Reply,
    array,
    bulks,
    integer,
    integers,
)
from tiketi_platform.adapters.redis.room_calls import RoomCalls
from tiketi_platform.adapters.redis.room_draw import RoomDraws
from tiketi_platform.adapters.redis.room_log import RoomLog
from tiketi_platform.adapters.redis.room_replies import Refused
from tiketi_platform.adapters.redis.scripts import Scripts

leave_batch_max: Final = 16
"""How many a leaving user's script may let in at once; the pump does the rest."""
announce_every_ms: Final = 60_000
"""How often one process says again that a room is being entered."""
retire_after_ms: Final = 3_600_000
"""A room nobody entered for so long is no longer pumped, if it is empty."""


def new_secrets() -> DrawSecrets:
    """Secrets for one draw, from the system's own source."""
    return DrawSecrets(
        secrets.token_bytes(draw.SECRET_BYTES), secrets.token_bytes(draw.SECRET_BYTES)
    )


class RedisRoom:
    """All waiting rooms of one Redis."""

    def __init__(
        self,
        client: RedisClient,
        scripts: Scripts,
        *,
        default: Policy | None = None,
        batch_max: int = bounds.admit_batch_max,
        log_max: int = bounds.admission_log_max,
        enters_max: int = bounds.enters_max,
        own_clock: bool = False,
        make_secrets: Callable[[], DrawSecrets] = new_secrets,
    ) -> None:
        """`default` is the policy of a room that was never given one; `log_max` counts lines.

        With `own_clock` rooms go by Redis' clock and set the callers' aside: a replica whose clock is wrong
        can then neither freeze a room, nor end its sessions, nor stop its pumping.
        """
        self._calls = RoomCalls(client, scripts, own_clock=own_clock)
        self._draws = RoomDraws(self._calls, part_max=batch_max)
        self._log = RoomLog(self._calls)
        self._default = Policy() if default is None else default
        self._batch_max = batch_max
        self._leave_batch_max = min(batch_max, leave_batch_max)
        self._log_max = log_max
        self._enters_max = enters_max
        self._make_secrets = make_secrets
        self._announced_at_ms: dict[EventId, int] = {}

    async def enter(
        self,
        event_id: EventId,
        user_ids: Sequence[UserId],
        *,
        now_ms: int,
        before_sale: bool = False,
    ) -> Sequence[Placement | Refusal]:
        """Take users in, in this order; one answer each, refusals included."""
        assert 0 < len(user_ids) <= bounds.batch_max, "a batch has 1 to batch_max users"
        await self._announce(event_id, now_ms)
        limits = (self._batch_max, self._enters_max, int(before_sale))
        reply = await self._run("queue/enter", event_id, now_ms, *limits, *user_ids)
        return [room_replies.placement_or_refusal(item) for item in array(reply)]

    async def status(
        self, event_id: EventId, user_id: UserId, *, now_ms: int, polls: bool = True
    ) -> Placement | TooEarly | None:
        """Where a user stands, None if nowhere; the question counts as a sign of life."""
        reply = await self._calls.script("queue/status", event_id, now_ms, user_id, int(polls))
        return room_replies.standing(reply)

    async def leave(self, event_id: EventId, user_id: UserId, *, now_ms: int) -> Was:
        """Give up a place or a session; what becomes free is filled in the same step."""
        reply = await self._calls.script(
            "queue/leave", event_id, now_ms, self._leave_batch_max, user_id
        )
        if Refused.of(reply) is Refused.DRAWING:
            raise QueueUnavailableError(retry_after_s=room_replies.retry_after_s)
        return Was(integer(reply))

    async def clear(self, event_id: EventId, *, now_ms: int) -> bool:
        """Send away one batch of a closed room, and whether there may be more."""
        reply = await self._calls.script("queue/clear", event_id, now_ms, self._batch_max)
        if Refused.of(reply) is Refused.DRAWING:
            raise QueueUnavailableError(retry_after_s=room_replies.retry_after_s)
        return integer(reply) == 1

    async def purchase(self, purchase: Purchase, *, now_ms: int) -> bool:
        """End the session of a purchase, and whether there was one."""
        args = (
            self._leave_batch_max,
            purchase.user_id,
            purchase.reservation_id,
            purchase.confirmed_at_ms,
        )
        reply = await self._calls.script("queue/purchase", purchase.event_id, now_ms, *args)
        return integer(reply) == 1

    async def admit(self, event_id: EventId, *, now_ms: int) -> Pumped:
        """End sessions that are over and let in as many as room and rate allow, at most one batch."""
        reply = await self._run("queue/admit", event_id, now_ms, self._batch_max, self._log_max)
        admitted, skipped, reaped, more, waiting, inside, drawing = integers(reply)
        return Pumped(admitted, skipped, reaped, more == 1, waiting, inside, drawing == 1)

    async def set_policy(self, event_id: EventId, change: PolicyChange, *, now_ms: int) -> Policy:
        """Change the policy from the next admission on; no session ends by it."""
        await self._announce(event_id, now_ms)
        made = self._make_secrets()
        values = [*room_replies.policy_arguments(change), change.opens_at_ms]
        reply = await self._run(
            "queue/set_policy",
            event_id,
            now_ms,
            *("" if value is None else value for value in values),
            self._batch_max,
            made.seed,
            made.salt,
            made.commitment(event_id),
        )
        room_replies.refuse_late_opening(reply)
        return room_replies.policy(integers(reply))

    async def tally(self, event_id: EventId, *, now_ms: int) -> Tally:
        """Count."""
        return room_replies.tally(await self._run("queue/stats", event_id, now_ms))

    async def exists(self, event_id: EventId) -> bool:
        """Whether the event has a room; makes none."""
        return integer(await self._calls.command("EXISTS", keys.room(event_id).all[0])) == 1

    async def log(self, event_id: EventId, *, after: str | None, limit: int) -> Sequence[LogLine]:
        """The next `limit` lines of the admission log after the id `after`, oldest first."""
        return await self._log.page(event_id, after=after, limit=limit)

    async def active(self) -> Sequence[EventId]:
        """The events whose rooms want pumping."""
        return [
            EventId(int(event))
            for event in bulks(await self._calls.command("ZRANGE", keys.rooms, 0, -1))
        ]

    async def retire(self, event_id: EventId, *, now_ms: int) -> None:
        """Stop pumping a room that nobody entered lately; entering brings it back.

        Its log and its draw run out after `room_kept_s`; its policy and its counts stay.
        """
        reply = await self._calls.listing("queue/retire", event_id, now_ms, retire_after_ms)
        if integer(reply) == 1:
            kept_ms = bounds.room_kept_s * 1000
            await self._calls.script("queue/forget", event_id, now_ms, kept_ms)

    # --- the draw ---------------------------------------------------------------------------

    async def draw(self, event_id: EventId, *, now_ms: int) -> bool:
        """Hold the draw that is due, and whether there was one."""
        return await self._draws.hold(event_id, now_ms=now_ms, batch_max=self._batch_max)

    async def gathering(self, event_id: EventId) -> Gathering | None:
        """What was committed to for the event's draw, None if it has none."""
        return await self._draws.gathering(event_id)

    async def receipt(self, event_id: EventId, *, first: int, limit: int) -> ReceiptPage | None:
        """The draw that was held, with some of its numbers; else None."""
        return await self._draws.receipt(event_id, first=first, limit=limit)

    # --- how --------------------------------------------------------------------------------

    async def _announce(self, event_id: EventId, now_ms: int) -> None:
        """Put the room on the list of those to pump, before anybody can be in it."""
        last_ms = self._announced_at_ms.get(event_id)
        if last_ms is None or not 0 <= now_ms - last_ms < announce_every_ms:
            await self._calls.listing("queue/announce", event_id, now_ms)
            await self._calls.script("queue/remember", event_id, now_ms)
            self._announced_at_ms[event_id] = now_ms

    async def _run(self, name: str, event_id: EventId, now_ms: int, *args: Argument) -> Reply:
        """A script that needs the room; makes the room if there is none."""
        reply = await self._calls.script(name, event_id, now_ms, *args)
        if isinstance(reply, int) and Refused.of(reply) is Refused.NO_ROOM:
            values = room_replies.policy_arguments(self._default)
            await self._calls.script("queue/open", event_id, now_ms, *cast("list[int]", values))
            reply = await self._calls.script(name, event_id, now_ms, *args)
        return reply
