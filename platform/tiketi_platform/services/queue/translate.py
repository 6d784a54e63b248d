"""Between the waiting room's values and the contract's structs; decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from tiketi_core.kernel.ids import EventId
from tiketi_core.queue import model
from tiketi_core.queue.draw import ALGORITHM
from tiketi_core.queue.use_cases import Standing
from tiketi_platform.framework import moments
from tiketi_platform.framework.moments import to_instant
from tiketi_sdk.contract import queue as wire
from tiketi_sdk.contract.fields import Page

STATES: Final[dict[model.RoomState, wire.RoomState]] = {
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
            eta_s=_seconds(placement.eta_ms),
            eta_p90_s=_seconds(placement.eta_late_ms),
            next_poll_ms=standing.next_poll_ms,
        )
    if isinstance(placement, model.Gathered):
        return wire.Place(
            event_id=standing.event_id,
            state="gathered",
            position=0,
            waiting_count=placement.waiting_count,
            next_poll_ms=standing.next_poll_ms,
            opens_at=to_instant(placement.opens_at_ms),
            draw_id=standing.draw_id,
            draw_commitment=standing.commitment,
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


_Draw = Literal["none", "gathering", "drawing", "drawn"]
_DRAWS: dict[model.Phase, _Draw] = {
    model.Phase.UNDRAWN: "none",
    model.Phase.GATHERING: "gathering",
    model.Phase.DRAWING: "drawing",
    model.Phase.DRAWN: "drawn",
}


def to_left(event_id: EventId, was: model.Was) -> wire.Left:
    """What somebody who left had been."""
    names = {
        model.Was.ABSENT: "absent",
        model.Was.WAITING: "waiting",
        model.Was.ADMITTED: "admitted",
    }
    return wire.Left.model_validate({"event_id": event_id, "was": names[was]})


def to_policy(event_id: EventId, policy: model.Policy, commitment: str | None) -> wire.Policy:
    """A policy in force, and what was committed to for its draw."""
    return wire.Policy(
        event_id=event_id,
        capacity=policy.capacity,
        admit_per_second=policy.admit_per_second,
        session_ttl_s=policy.session_ttl_s,
        waiting_max=policy.waiting_max,
        state=STATES[policy.state],
        grace_s=policy.grace_s,
        opens_at=_opens_at(policy),
        draw_commitment=commitment,
    )


def from_policy(request: wire.SetPolicyRequest) -> model.PolicyChange:
    """The fields that were given."""
    states = {name: state for state, name in STATES.items()}
    return model.PolicyChange(
        capacity=request.capacity,
        admit_per_second=request.admit_per_second,
        session_ttl_s=request.session_ttl_s,
        waiting_max=request.waiting_max,
        grace_s=request.grace_s,
        state=None if request.state is None else states[request.state],
        opens_at_ms=None if request.opens_at is None else to_ms(request.opens_at),
    )


def to_stats(event_id: EventId, tally: model.Tally, commitment: str | None) -> wire.Stats:
    """A room at a glance."""
    return wire.Stats(
        event_id=event_id,
        state=STATES[tally.policy.state],
        capacity=tally.policy.capacity,
        waiting_count=tally.waiting_count,
        admitted_count=tally.inside_count,
        entered_total=tally.entered_total,
        admitted_total=tally.admitted_total,
        expired_total=tally.expired_total,
        left_total=tally.left_total,
        admitted_max=tally.inside_max,
        admit_rate_per_s=tally.pace_milli / 1000,
        end_rate_per_s=tally.ends_milli / 1000,
        gave_up_total=tally.gave_up_total,
        skipped_total=tally.skipped_total,
        log_truncated=tally.log_truncated,
        promises_total=tally.promises_total,
        promises_kept_total=tally.promises_kept_total,
        hushed=tally.hushed,
        opens_at=_opens_at(tally.policy),
        draw=_DRAWS[tally.policy.phase],
        draw_commitment=commitment,
    )


def to_draw(event_id: EventId, first: int, page: model.ReceiptPage) -> wire.Draw:
    """The receipt of a draw, from a number on."""
    return wire.Draw(
        event_id=event_id,
        algorithm=ALGORITHM,
        opens_at=to_instant(page.opens_at_ms),
        drawn_at=to_instant(page.drawn_at_ms),
        commitment=page.commitment,
        seed=page.seed.hex(),
        salt_digest=page.salt_digest.hex(),
        count=page.count,
        first=first,
        draw_ids=tuple(page.draw_ids),
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


def _seconds(ms: int) -> float | None:
    return None if ms < 0 else round(ms / 1000, 1)


def _opens_at(policy: model.Policy) -> datetime | None:
    return None if policy.opens_at_ms == 0 else to_instant(policy.opens_at_ms)


def to_ms(moment: datetime) -> int:
    """A moment in ms since 1970; before that, the first one."""
    return max(1, moments.to_ms(moment))
