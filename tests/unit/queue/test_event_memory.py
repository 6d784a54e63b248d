"""What is remembered of events while thousands of ids are asked for."""

from __future__ import annotations

from typing import Any

from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.peers import events
from tiketi_sdk.contract.event import Event
from tiketi_sdk.errors import NotFoundError


class Peer:
    """An event service with the events below 1,000."""

    async def call(self, _operation, request):
        if request.event_id >= 1_000:
            raise NotFoundError("no such event", code="event_not_found", status=404)
        return Event.model_construct(id=request.event_id)


async def test_inventing_ids_forgets_no_event():
    peer: Any = Peer()
    catalogue = events.EventCatalogue(peer)
    known = EventId(1)
    assert await catalogue.find(known)
    for number in range(1_000, 1_000 + 2 * events.UNKNOWN_MAX):
        assert await catalogue.find(EventId(number)) is None
    assert set(catalogue._known) == {known}
    assert len(catalogue._unknown) == events.UNKNOWN_MAX


async def test_who_was_asked_for_lately_is_forgotten_last(monkeypatch):
    monkeypatch.setattr(events, "EVENTS_MAX", 3)  # thousands more would prove no more
    monkeypatch.setattr(events, "FRESH_S", 0.0)
    peer: Any = Peer()
    catalogue = events.EventCatalogue(peer)
    for number in (1, 2, 3, 1, 4):
        await catalogue.find(EventId(number))
    assert list(catalogue._known) == [3, 1, 4]
