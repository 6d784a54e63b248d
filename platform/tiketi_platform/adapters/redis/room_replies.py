"""Between the replies of lua/queue and the waiting room's values; it decides nothing and asks nobody."""

from collections.abc import Iterator, Sequence
from typing import Final, NoReturn, cast

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.errors import LineFormedError, QueueUnavailableError
from tiketi_core.queue.model import (
    Admitted,
    Gathered,
    LogKind,
    LogLine,
    Phase,
    Placement,
    Policy,
    PolicyChange,
    Refusal,
    RoomState,
    Tally,
    TooEarly,
    Waiting,
)
from tiketi_platform.adapters.redis.errors import (
    RedisError,
    RedisOverloaded,
    RedisProtocolError,
    RedisReplyError,
    RedisTimeout,
    RedisUnavailable,
)
from tiketi_platform.adapters.redis.replies import Reply, array, bulk, bulks, integers
from tiketi_platform.adapters.redis.statuses import Status

retry_after_s: Final = 1.0
_OUR_FAULT: Final = frozenset({"ERR", "WRONGTYPE", "CROSSSLOT"})


class Refused(Status):
    """What the scripts of lua/queue refuse with."""

    NO_ROOM = -1
    ABSENT = -2
    CLOSED = -3
    FULL = -4
    BEFORE_SALE = -5
    TOO_EARLY = -6
    TOO_OFTEN = -7
    DRAWING = -8
    LINE_FORMED = -9


_REFUSALS: Final = {
    Refused.CLOSED: Refusal.CLOSED,
    Refused.FULL: Refusal.FULL,
    Refused.BEFORE_SALE: Refusal.BEFORE_SALE,
    Refused.TOO_OFTEN: Refusal.TOO_OFTEN,
}
POLICY_COUNT: Final = 8
"""Values a policy takes in a reply."""


def fail(error: RedisError) -> NoReturn:
    """Say `unavailable` for what time heals; what does not heal stays the failure it is."""
    refused = isinstance(error, RedisReplyError) and error.prefix not in _OUR_FAULT
    if refused or isinstance(error, RedisUnavailable | RedisTimeout | RedisOverloaded):
        raise QueueUnavailableError(retry_after_s=retry_after_s) from error
    raise error


def placement(reply: Reply) -> Placement:
    """A place, a session or a gathering."""
    kind, *values = integers(reply)
    if kind == 1:
        return Waiting(*values)
    if kind == 2:
        return Admitted(*values)
    if kind == 3:
        return Gathered(*values)
    raise RedisProtocolError(f"a placement begins with 1, 2 or 3, not {kind}")


def placement_or_refusal(reply: Reply) -> Placement | Refusal:
    """One of the answers of enter.lua."""
    refused = Refused.of(reply)
    return placement(reply) if refused is None else _REFUSALS[refused]


def standing(reply: Reply) -> Placement | TooEarly | None:
    """The answer of status.lua."""
    refused = Refused.of(reply)
    if refused is Refused.ABSENT:
        return None
    if refused is Refused.TOO_EARLY:
        return TooEarly(integers(reply)[1])
    return placement(reply)


def refuse_late_opening(reply: Reply) -> None:
    """Raise LineFormedError if that is what set_policy.lua says."""
    if isinstance(reply, int) and Refused.of(reply) is Refused.LINE_FORMED:
        raise LineFormedError(field="opens_at")


def policy_arguments(policy: Policy | PolicyChange) -> list[int | None]:
    """In the order in which the scripts take and return it, opens_at apart; seconds become milliseconds."""

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


def policy(values: Sequence[int]) -> Policy:
    """From POLICY_COUNT values."""
    state, capacity, admit_per_second, session_ttl_ms, waiting_max, grace_ms, opens, phase = values
    return Policy(
        state=RoomState(state),
        capacity=capacity,
        admit_per_second=admit_per_second,
        session_ttl_s=session_ttl_ms // 1000,
        waiting_max=waiting_max,
        grace_s=grace_ms // 1000,
        opens_at_ms=opens,
        phase=Phase(phase),
    )


def tally(reply: Reply) -> Tally:
    """The answer of stats.lua."""
    values = integers(reply)
    counts = values[POLICY_COUNT:]
    return Tally(
        policy=policy(values[:POLICY_COUNT]),
        waiting_count=counts[0],
        inside_count=counts[1],
        entered_total=counts[2],
        admitted_total=counts[3],
        expired_total=counts[4],
        left_total=counts[5],
        gave_up_total=counts[6],
        skipped_total=counts[7],
        inside_max=counts[8],
        pace_milli=counts[9],
        front=counts[10],
        log_truncated=counts[11] == 1,
        promises_total=counts[12],
        promises_kept_total=counts[13],
        hushed=counts[14] == 1,
        ends_milli=counts[15],
    )


def log_lines(entry: Reply) -> Iterator[LogLine]:
    """The lines of one entry of the log: `kind capacity user number user number …`."""
    id_, fields = array(entry)
    entry_id = bulk(id_).decode()
    _, lines = bulks(fields)
    kind, capacity, *subjects = lines.decode().split(" ")
    for place in range(0, len(subjects), 2):
        user, number = subjects[place : place + 2]
        yield LogLine(
            id=f"{entry_id}-{place // 2}",
            kind=cast("LogKind", kind),
            user_id=None if user == "-" else UserId(int(user)),
            number=None if number == "-" else int(number),
            capacity=int(capacity),
            at_ms=int(entry_id.partition("-")[0]),
        )
