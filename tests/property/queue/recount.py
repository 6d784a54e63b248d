"""What the admission log of a reference room must add up to; it asks no store."""

from __future__ import annotations

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Phase


def recount(model):
    """The log alone tells who waits and who is inside, in the order of the numbers, never above the capacity."""
    gathered: set[UserId] = set()
    waiting: dict[UserId, int] = {}
    inside: dict[UserId, int] = {}
    reached = entered = 0
    for line in model.lines:
        if line.user_id is None:
            assert line.kind == "policy"
            continue
        if line.number is None:
            if line.kind == "gathered":
                assert line.user_id not in gathered
                gathered.add(line.user_id)
            else:
                assert line.kind == "gave_up"
                gathered.remove(line.user_id)
            continue
        match line.kind:
            case "entered":
                assert line.user_id not in waiting
                assert line.user_id not in inside
                # The drawn are logged when the draw ends: newcomers have their numbers by then.
                gathered.discard(line.user_id)
                entered += 1
                waiting[line.user_id] = line.number
            case "admitted":
                assert waiting.pop(line.user_id) == line.number
                assert line.number > reached
                assert all(line.number < number for number in waiting.values())
                reached = line.number
                inside[line.user_id] = line.number
                assert len(inside) <= line.capacity
            case "gave_up" | "skipped":
                assert waiting.pop(line.user_id) == line.number
            case "left" | "expired":
                assert inside.pop(line.user_id) == line.number
    assert waiting | dict.fromkeys(gathered, 0) == model.waiting
    undrawn = len(gathered) if model.policy.phase is Phase.DRAWING else 0
    assert entered + undrawn == model.number
    assert inside == {user: s.number for user, s in model.sessions.items()}
