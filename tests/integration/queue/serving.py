"""The queue service over real HTTP beside a catalogue of the test's own, and its calls in short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tiketi_core.queue.errors import EventNotFoundError
from tiketi_sdk.contract import event

EVENT_ID = 42
ON_SALE = event.Event(
    id=EVENT_ID,
    title="콘서트",
    artist="아이유",
    venue="Seoul",
    description="",
    starts_at=datetime.now(UTC) + timedelta(days=2),
    on_sale_at=datetime.now(UTC) - timedelta(hours=1),
    sale_ends_at=datetime.now(UTC) + timedelta(days=1),
    seats_per_user_max=4,
    status="on_sale",
    created_at=datetime.now(UTC),
    updated_at=datetime.now(UTC),
    version=1,
)


async def find(events, call):
    if call.body.event_id not in events:
        raise EventNotFoundError
    return events[call.body.event_id]


async def move(platform, verb, event_id, user):
    token = platform.token(sub=str(user))
    path = f"/api/queue/{verb}"
    if verb == "status":
        path, body = f"{path}?event_id={event_id}", {}
        return await platform.ask("GET", "queue", path, token=token)
    body = {"event_id": event_id}
    return await platform.ask("POST", "queue", path, token=token, json=body)


async def set_policy(platform, event_id, **policy):
    path = f"/api/queue/{event_id}/policy"
    return await platform.ask("PUT", "queue", path, token=platform.admin, json=policy)


async def see(platform, event_id, what):
    path = f"/api/queue/{event_id}/{what}"
    return (await platform.ask("GET", "queue", path, token=platform.admin)).body
