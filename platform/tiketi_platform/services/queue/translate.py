"""Between the waiting room's values and the contract's structs; decides nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tiketi_core.kernel.ids import EventId
from tiketi_core.queue import model
from tiketi_core.queue.use_cases import Standing
from tiketi_sdk.contract import queue as wire
from tiketi_sdk.contract.fields import Page

_STATES: dict[model.RoomState, wire.RoomState] = {
    model.RoomState.OPEN: "open",
    model.RoomState.PAUSED: "paused",
    model.RoomState.CLOSED: "closed",
}


def to_place(standing: Standing) -> wire.Place:
    """A place in the line, or a session with its token."""
    placement = standing.placement
    if isinstance(placement, model.Waiting):
        return wire.Place(
            event_id=standing.event_id,
            state="waiting",
            position=placement.position,
            waiting_count=placement.waiting_count,
            eta_s=standing.eta_s,
            next_poll_ms=standing.next_poll_ms,
        )
    return wire.Place(
        event_id=standing.event_id,
        state="admitted",
        position=0,
        waiting_count=placement.waiting_count,
        next_poll_ms=standing.next_poll_ms,
        entry_token=standing.entry_token,
        session_expires_at=to_instant(placement.ends_at_ms),
    )


def to_left(event_id: EventId, was: model.Was) -> wire.Left:
    """What somebody who left had been."""
    names = {
        model.Was.ABSENT: "absent",
        model.Was.WAITING: "waiting",
        model.Was.ADMITTED: "admitted",
    }
    return wire.Left.model_validate({"event_id": event_id, "was": names[was]})


def to_policy(event_id: EventId, policy: model.Policy) -> wire.Policy:
    """A policy in force."""
    return wire.Policy(
        event_id=event_id,
        capacity=policy.capacity,
        admit_per_second=policy.admit_per_second,
        session_ttl_s=policy.session_ttl_s,
        waiting_max=policy.waiting_max,
        state=_STATES[policy.state],
        grace_s=policy.grace_s,
    )


def from_policy(request: wire.SetPolicyRequest) -> model.PolicyChange:
    """The fields that were given."""
    states = {name: state for state, name in _STATES.items()}
    return model.PolicyChange(
        capacity=request.capacity,
        admit_per_second=request.admit_per_second,
        session_ttl_s=request.session_ttl_s,
        waiting_max=request.waiting_max,
        grace_s=request.grace_s,
        state=None if request.state is None else states[request.state],
    )


def to_stats(event_id: EventId, tally: model.Tally) -> wire.Stats:
    """A room at a glance."""
    return wire.Stats(
        event_id=event_id,
        state=_STATES[tally.policy.state],
        capacity=tally.policy.capacity,
        waiting_count=tally.waiting_count,
        admitted_count=tally.inside_count,
        entered_total=tally.entered_total,
        admitted_total=tally.admitted_total,
        expired_total=tally.expired_total,
        left_total=tally.left_total,
        admitted_max=tally.inside_max,
        admit_rate_per_s=tally.pace_milli / 1000,
        gave_up_total=tally.gave_up_total,
        skipped_total=tally.skipped_total,
        log_truncated=tally.log_truncated,
    )


def to_log_entry(line: model.LogLine) -> wire.LogEntry:
    """A line of the admission log."""
    return wire.LogEntry(
        id=line.id,
        kind=line.kind,
        user_id=line.user_id,
        number=line.number,
        capacity=line.capacity,
        at=to_instant(line.at_ms),
    )


def to_log_page(lines: Sequence[model.LogLine], next_after: str | None) -> Page[wire.LogEntry]:
    """A page of the admission log; the cursor is the id of its last line."""
    return Page[wire.LogEntry](
        items=tuple(to_log_entry(line) for line in lines), next_cursor=next_after
    )


def to_instant(moment_ms: int) -> datetime:
    """A moment in UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC)
