"""The event service's operations: from the wire to the core and back, nothing else."""

from tiketi_core.event.model import Event
from tiketi_core.kernel.ids import EventId
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.routing import bind, encode
from tiketi_platform.services.event import image_routes, news_routes
from tiketi_platform.services.event.conditions import answered, expected_version
from tiketi_platform.services.event.reads import Read, tag
from tiketi_platform.services.event.service import EVENTS, EventService, about
from tiketi_platform.services.event.translate import (
    right_until_ms,
    to_change,
    to_key,
    to_new,
    to_page,
    to_search,
    to_wire,
)
from tiketi_sdk.contract import event


async def create(service: EventService, call: Call[event.CreateEventRequest]) -> Reply:
    new = to_new(call.body)
    key = to_key(new, call.user_id, call.idempotency_key)
    try:
        announced = await service.catalogue.announce(new, key, request_id=call.request_id)
    finally:
        # Also when the answer was lost on its way: the event may be there.
        await service.events_changed(())
    return _tagged(service, announced)


async def update(service: EventService, call: Call[event.UpdateEventRequest]) -> Reply:
    event_id = EventId(call.body.event_id)
    try:
        changed = await service.catalogue.change(
            event_id,
            to_change(call.body),
            version=expected_version(call.if_match),
            request_id=call.request_id,
        )
    finally:
        await service.events_changed([event_id])
    return _tagged(service, changed)


async def cancel(service: EventService, call: Call[event.CancelEventRequest]) -> Reply:
    event_id = EventId(call.body.event_id)
    try:
        cancelled = await service.catalogue.cancel(
            event_id,
            call.body.reason,
            version=expected_version(call.if_match),
            request_id=call.request_id,
        )
    finally:
        await service.events_changed([event_id])
    return _tagged(service, cancelled)


async def delete(service: EventService, call: Call[event.EventRequest]) -> Reply:
    event_id = EventId(call.body.event_id)
    try:
        deleted = await service.catalogue.delete(
            event_id, version=expected_version(call.if_match), request_id=call.request_id
        )
    finally:
        await service.events_changed([event_id])
    return _tagged(service, deleted)


async def listing(service: EventService, call: Call[event.ListEventsRequest]) -> Reply:
    body = call.body

    async def load(now_ms: int) -> Read:
        found = await service.catalogue.listing(to_search(body), now_ms=now_ms)
        page = encode(to_page(found, now_ms=now_ms))
        return Read(page, right_until_ms(found.events, now_ms=now_ms), tag(page))

    question = (EVENTS, tuple(body.__dict__.values()))
    return answered(await service.reads.get(question, load), call.if_none_match)


async def get(service: EventService, call: Call[event.EventRequest]) -> Reply:
    event_id = EventId(call.body.event_id)

    async def load(now_ms: int) -> Read:
        found = await service.catalogue.event(event_id)
        content = encode(to_wire(found, now_ms=now_ms))
        until_ms = right_until_ms([found], now_ms=now_ms)
        return Read(content, until_ms, tag(content, found.version))

    read = await service.reads.get((about(event_id), None), load)
    return answered(read, call.if_none_match)


def _tagged(service: EventService, found: Event) -> Reply:
    content = encode(to_wire(found, now_ms=service.clock.now_ms()))
    return Reply(content, headers={"ETag": tag(content, found.version)})


ROUTES = (
    bind(event.CREATE, create),
    bind(event.LIST, listing),
    bind(event.GET, get),
    bind(event.UPDATE, update),
    bind(event.CANCEL, cancel),
    bind(event.DELETE, delete),
    *news_routes.ROUTES,
    *image_routes.ROUTES,
)
