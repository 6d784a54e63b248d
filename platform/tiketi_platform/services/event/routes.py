"""The event service's operations: from the wire to the core and back, nothing else."""

from tiketi_core.kernel.ids import EventId
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.routing import bind, encode
from tiketi_platform.services.event.reads import Read
from tiketi_platform.services.event.service import EventService
from tiketi_platform.services.event.translate import (
    right_until_ms,
    to_key,
    to_new,
    to_page,
    to_search,
    to_wire,
)
from tiketi_sdk.contract import event


async def create(service: EventService, call: Call[event.CreateEventRequest]) -> event.Event:
    new = to_new(call.body)
    key = to_key(new, call.user_id, call.idempotency_key)
    try:
        announced = await service.catalogue.announce(new, key)
    finally:
        # Also when the answer was lost on its way: the event may be there.
        service.reads.forget()
    return to_wire(announced, now_ms=service.clock.now_ms())


async def listing(service: EventService, call: Call[event.ListEventsRequest]) -> Reply:
    body = call.body

    async def load(now_ms: int) -> Read:
        found = await service.catalogue.listing(to_search(body), now_ms=now_ms)
        page = encode(to_page(found, now_ms=now_ms))
        return Read(page, right_until_ms(found.events, now_ms=now_ms))

    question = ("list", body.status, body.q, body.cursor, body.limit)
    return Reply(await service.reads.get(question, load))


async def get(service: EventService, call: Call[event.EventRequest]) -> Reply:
    event_id = EventId(call.body.event_id)

    async def load(now_ms: int) -> Read:
        found = await service.catalogue.event(event_id)
        return Read(encode(to_wire(found, now_ms=now_ms)), right_until_ms([found], now_ms=now_ms))

    return Reply(await service.reads.get(("get", event_id), load))


ROUTES = (
    bind(event.CREATE, create),
    bind(event.LIST, listing),
    bind(event.GET, get),
)
