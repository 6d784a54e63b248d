"""The waiting rooms in Redis: each method is one round trip and one atomic script; it decides nothing.

Implements the port `tiketi_core.queue.ports.Room`. A script that is interrupted by a lost connection may
or may not have run; every one of them may be repeated.
"""

from collections.abc import Sequence
from typing import Final, NoReturn, cast

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_core.queue.model import (
    Admitted,
    LogKind,
    LogLine,
    Placement,
    Policy,
    PolicyChange,
    Pumped,
    Purchase,
    Refusal,
    RoomState,
    Tally,
    Waiting,
    Was,
)
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import (
    RedisError,
    RedisOverloaded,
    RedisProtocolError,
    RedisReplyError,
    RedisTimeout,
    RedisUnavailable,
)
from tiketi_platform.adapters.redis.replies import (
    Argument,
    Reply,
    array,
    bulk,
    bulks,
    integer,
    integers,
)
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.adapters.redis.statuses import Status

leave_batch_max: Final = 16
"""How many a leaving user's script may let in at once; the pump does the rest."""
announce_every_ms: Final = 60_000
"""How often one process says again that a room is being entered."""
retire_after_ms: Final = 3_600_000
"""A room nobody entered for so long is no longer pumped, if it is empty."""
retry_after_s: Final = 1.0
_OUR_FAULT: Final = frozenset({"ERR", "WRONGTYPE", "CROSSSLOT"})


class _Refused(Status):
    NO_ROOM = -1
    ABSENT = -2
    CLOSED = -3
    FULL = -4


_REFUSALS: Final = {_Refused.CLOSED: Refusal.CLOSED, _Refused.FULL: Refusal.FULL}


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
    ) -> None:
        """`default` is the policy of a room that was never given one."""
        self._client = client
        self._scripts = scripts
        self._default = Policy() if default is None else default
        self._batch_max = batch_max
        self._leave_batch_max = min(batch_max, leave_batch_max)
        self._log_max = log_max
        self._announced_at_ms: dict[EventId, int] = {}

    async def enter(
        self, event_id: EventId, user_ids: Sequence[UserId], *, now_ms: int
    ) -> Sequence[Placement | Refusal]:
        """Take users in, in this order; one answer each, refusals included."""
        assert 0 < len(user_ids) <= bounds.batch_max, "a batch has 1 to batch_max users"
        await self._announce(event_id, now_ms)
        reply = await self._run("queue/enter", event_id, now_ms, self._batch_max, *user_ids)
        return [_placement_or_refusal(item) for item in array(reply)]

    async def status(self, event_id: EventId, user_id: UserId, *, now_ms: int) -> Placement | None:
        """Where a user stands, None if nowhere; the question counts as a sign of life."""
        reply = await self._script("queue/status", event_id, (now_ms, user_id))
        return None if _Refused.of(reply) is _Refused.ABSENT else _placement(reply)

    async def leave(self, event_id: EventId, user_id: UserId, *, now_ms: int) -> Was:
        """Give up a place or a session; what becomes free is filled in the same step."""
        args = (now_ms, self._leave_batch_max, user_id)
        return Was(integer(await self._script("queue/leave", event_id, args)))

    async def purchase(self, purchase: Purchase, *, now_ms: int) -> bool:
        """End the session of a purchase, and whether there was one."""
        args = (
            now_ms,
            self._leave_batch_max,
            purchase.user_id,
            purchase.reservation_id,
            purchase.confirmed_at_ms,
        )
        return integer(await self._script("queue/purchase", purchase.event_id, args)) == 1

    async def admit(self, event_id: EventId, *, now_ms: int) -> Pumped:
        """End sessions that are over and let in as many as room and rate allow, at most one batch."""
        reply = await self._run("queue/admit", event_id, now_ms, self._batch_max, self._log_max)
        admitted, skipped, reaped, more, waiting, inside = integers(reply)
        return Pumped(admitted, skipped, reaped, more == 1, waiting, inside)

    async def set_policy(self, event_id: EventId, change: PolicyChange, *, now_ms: int) -> Policy:
        """Change the policy from the next admission on; no session ends by it."""
        await self._announce(event_id, now_ms)
        values = ("" if value is None else value for value in _policy_arguments(change))
        reply = await self._run("queue/set_policy", event_id, now_ms, *values, self._batch_max)
        return _policy(integers(reply))

    async def tally(self, event_id: EventId, *, now_ms: int) -> Tally:
        """Count."""
        values = integers(await self._run("queue/stats", event_id, now_ms))
        return Tally(
            policy=_policy(values[:6]),
            waiting_count=values[6],
            inside_count=values[7],
            entered_total=values[8],
            admitted_total=values[9],
            expired_total=values[10],
            left_total=values[11],
            gave_up_total=values[12],
            skipped_total=values[13],
            inside_max=values[14],
            pace_milli=values[15],
            front=values[16],
            log_truncated=values[17] == 1,
        )

    async def log(self, event_id: EventId, *, after: str | None, limit: int) -> Sequence[LogLine]:
        """The next `limit` lines of the admission log after the id `after`, oldest first."""
        start = "-" if after is None else f"({after}"
        key = keys.room(event_id).log
        entries = await self._command("XRANGE", key, start, "+", "COUNT", limit)
        return [_log_line(entry) for entry in array(entries)]

    async def active(self) -> Sequence[EventId]:
        """The events whose rooms want pumping."""
        return [
            EventId(int(event)) for event in bulks(await self._command("ZRANGE", keys.rooms, 0, -1))
        ]

    async def retire(self, event_id: EventId, *, now_ms: int) -> None:
        """Stop pumping a room that nobody entered lately; entering brings it back."""
        try:
            await self._scripts.run(
                "queue/retire", (keys.rooms,), (event_id, now_ms - retire_after_ms)
            )
        except RedisError as error:
            _raise(error)

    # --- how --------------------------------------------------------------------------------

    async def _announce(self, event_id: EventId, now_ms: int) -> None:
        """Put the room on the list of those to pump, before anybody can be in it."""
        last_ms = self._announced_at_ms.get(event_id)
        if last_ms is None or not 0 <= now_ms - last_ms < announce_every_ms:
            await self._command("ZADD", keys.rooms, "GT", now_ms, event_id)
            self._announced_at_ms[event_id] = now_ms

    async def _run(self, name: str, event_id: EventId, now_ms: int, *args: Argument) -> Reply:
        """A script that needs the room; makes the room if there is none."""
        reply = await self._script(name, event_id, (now_ms, *args))
        if isinstance(reply, int) and _Refused.of(reply) is _Refused.NO_ROOM:
            values = _policy_arguments(self._default)
            await self._script("queue/open", event_id, (now_ms, *cast("list[int]", values)))
            reply = await self._script(name, event_id, (now_ms, *args))
        return reply

    async def _script(self, name: str, event_id: EventId, args: Sequence[Argument]) -> Reply:
        try:
            return await self._scripts.run(name, keys.room(event_id).all, args)
        except RedisError as error:
            _raise(error)

    async def _command(self, *args: Argument) -> Reply:
        try:
            return await self._client.execute(*args)
        except RedisError as error:
            _raise(error)


def _raise(error: RedisError) -> NoReturn:
    """Say `unavailable` for what time heals; what does not heal stays the failure it is."""
    refused = isinstance(error, RedisReplyError) and error.prefix not in _OUR_FAULT
    if refused or isinstance(error, RedisUnavailable | RedisTimeout | RedisOverloaded):
        raise QueueUnavailableError(retry_after_s=retry_after_s) from error
    raise error


def _placement(reply: Reply) -> Placement:
    values = integers(reply)
    if values[0] == 1:
        return Waiting(*values[1:])
    if values[0] == 2:
        return Admitted(*values[1:])
    raise RedisProtocolError(f"a placement begins with 1 or 2, not {values[0]}")


def _placement_or_refusal(reply: Reply) -> Placement | Refusal:
    refused = _Refused.of(reply)
    return _placement(reply) if refused is None else _REFUSALS[refused]


def _policy_arguments(policy: Policy | PolicyChange) -> list[int | None]:
    """In the order in which the scripts take and return it; seconds become milliseconds."""

    def ms(seconds: int | None) -> int | None:
        return None if seconds is None else seconds * 1000

    state = None if policy.state is None else int(policy.state)
    return [
        state,
        policy.capacity,
        policy.admit_per_second,
        ms(policy.session_ttl_s),
        policy.waiting_max,
        ms(policy.grace_s),
    ]


def _policy(values: Sequence[int]) -> Policy:
    state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms = values
    return Policy(
        state=RoomState(state),
        capacity=capacity,
        admit_per_second=admit_per_second,
        session_ttl_s=session_ttl_ms // 1000,
        waiting_max=waiting_max,
        grace_s=grace_ms // 1000,
    )


def _log_line(entry: Reply) -> LogLine:
    id_, fields = array(entry)
    line_id = bulk(id_).decode()
    _, line = bulks(fields)
    kind, user, number, capacity = line.decode().split(" ")
    return LogLine(
        id=line_id,
        kind=cast("LogKind", kind),
        user_id=None if user == "-" else UserId(int(user)),
        number=None if number == "-" else int(number),
        capacity=int(capacity),
        at_ms=int(line_id.partition("-")[0]),
    )
