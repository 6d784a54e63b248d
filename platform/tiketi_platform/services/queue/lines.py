"""Between the waiting room's values and what sockets are told; decides nothing."""

from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.model import Tally
from tiketi_platform.services.queue.translate import STATES
from tiketi_sdk.contract import realtime as wire
from tiketi_sdk.contract.codes import CODES


def to_line(event_id: EventId, tally: Tally, *, at_ms: int) -> wire.Line:
    """A room for everybody who waits in it."""
    return wire.Line(
        event_id=event_id,
        state=STATES[tally.policy.state],
        front=tally.front,
        waiting_count=tally.waiting_count,
        pace_per_s=tally.pace_milli / 1000,
        admitted_total=tally.admitted_total,
        inside_count=tally.inside_count,
        capacity=tally.policy.capacity,
        at_ms=at_ms,
        ends_per_s=tally.ends_milli / 1000,
    )


def to_problem(error: DomainError) -> wire.Problem:
    """A refusal, as a socket is told of it."""
    row = CODES[error.code]
    return wire.Problem(
        code=error.code,
        title=row.title,
        status=row.status,
        detail=error.detail,
        retry_after_s=error.retry_after_s,
    )
