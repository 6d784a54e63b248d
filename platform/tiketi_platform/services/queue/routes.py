"""The queue service's operations: from the wire to the core and back, nothing else."""

import re
from typing import Final

from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.model import Phase, Policy
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.routing import bind, encode
from tiketi_platform.services.queue.service import QueueService
from tiketi_platform.services.queue.translate import (
    from_policy,
    to_draw,
    to_left,
    to_log_page,
    to_place,
    to_policy,
    to_stats,
)
from tiketi_sdk.contract import queue
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Nothing

JWKS_MAX_AGE_S: Final = 60
_LOG_ID: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}-[0-9]{1,4}")


async def enter(service: QueueService, call: Call[queue.EventInBody]) -> queue.Place:
    return to_place(await service.waiting_room.enter(EventId(call.body.event_id), call.user_id))


async def status(
    service: QueueService, call: Call[queue.RoomRequest] | Call[queue.EventInBody]
) -> queue.Place:
    return to_place(await service.waiting_room.status(EventId(call.body.event_id), call.user_id))


async def leave(service: QueueService, call: Call[queue.EventInBody]) -> queue.Left:
    event_id = EventId(call.body.event_id)
    return to_left(event_id, await service.waiting_room.leave(event_id, call.user_id))


async def set_policy(service: QueueService, call: Call[queue.SetPolicyRequest]) -> queue.Policy:
    event_id = EventId(call.body.event_id)
    policy = await service.waiting_room.set_policy(event_id, from_policy(call.body))
    return to_policy(event_id, policy, await _commitment(service, event_id, policy))


async def policy(service: QueueService, call: Call[queue.RoomRequest]) -> queue.Policy:
    event_id = EventId(call.body.event_id)
    policy = (await service.waiting_room.tally(event_id)).policy
    return to_policy(event_id, policy, await _commitment(service, event_id, policy))


async def stats(service: QueueService, call: Call[queue.RoomRequest]) -> queue.Stats:
    event_id = EventId(call.body.event_id)
    tally = await service.waiting_room.tally(event_id)
    return to_stats(event_id, tally, await _commitment(service, event_id, tally.policy))


async def _commitment(service: QueueService, event_id: EventId, policy: Policy) -> str | None:
    if policy.phase is Phase.UNDRAWN:
        return None
    return await service.waiting_room.commitment(event_id)


async def draw(service: QueueService, call: Call[queue.DrawRequest]) -> queue.Draw:
    event_id, first = EventId(call.body.event_id), call.body.first
    page = await service.waiting_room.receipt(event_id, first=first, limit=call.body.limit)
    return to_draw(event_id, first, page)


async def log(service: QueueService, call: Call[queue.LogRequest]) -> Page[queue.LogEntry]:
    body = call.body
    if body.cursor is not None and not _LOG_ID.fullmatch(body.cursor):
        raise InvalidRequestError("take the cursor from the page before", field="cursor")
    lines, next_after = await service.waiting_room.log(
        EventId(body.event_id), after=body.cursor, limit=body.limit
    )
    return to_log_page(lines, next_after)


async def jwks(service: QueueService, _call: Call[Nothing]) -> Reply:
    return Reply(
        encode(service.jwks), headers={"Cache-Control": f"public, max-age={JWKS_MAX_AGE_S}"}
    )


ROUTES: Final = (
    bind(queue.ENTER, enter),
    bind(queue.STATUS, status),
    bind(queue.HEARTBEAT, status),
    bind(queue.LEAVE, leave),
    bind(queue.SET_POLICY, set_policy),
    bind(queue.POLICY, policy),
    bind(queue.STATS, stats),
    bind(queue.LOG, log),
    bind(queue.DRAW, draw),
    bind(queue.JWKS, jwks),
)
