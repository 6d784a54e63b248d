"""Waiting rooms over a real Valkey, with a clock the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.queue.serving import EVENT_ID, ON_SALE, find
from tests.services import running
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.model import Policy
from tiketi_core.queue.ports import Sale
from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.adapters.redis import RedisClient, Scripts
from tiketi_platform.adapters.redis.admissions import AdmissionOutbox
from tiketi_platform.adapters.redis.waiting_room import RedisRoom
from tiketi_platform.framework.routing import bind
from tiketi_platform.framework.spec import AnySpec, ServiceSpec
from tiketi_sdk.contract import event

EVENT = EventId(42)
NOW_MS = 1_800_000_000_000


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms


class Catalogue:
    """Every event below 1,000 is on sale, unless a test says otherwise."""

    def __init__(self) -> None:
        self.sales: dict[EventId, Sale] = {}

    async def sale(self, event_id: EventId) -> Sale:
        known = Sale.ON_SALE if event_id < 1_000 else Sale.UNKNOWN_EVENT
        return self.sales.get(event_id, known)

    async def on_sale_at_ms(self, _event_id: EventId) -> int:
        return NOW_MS


class Tokens:
    """Spells what a token says, and counts signatures."""

    def __init__(self) -> None:
        self.signed_count = 0

    def sign_entry(
        self, user_id: UserId, event_id: EventId, number: int, expires_at_ms: int
    ) -> str:
        self.signed_count += 1
        return f"{user_id}/{event_id}/{number}/{expires_at_ms}"


@pytest.fixture
async def client(valkey) -> AsyncIterator[RedisClient]:
    async with await RedisClient.connect(valkey.url) as connected:
        yield connected


@pytest.fixture
def make_room(client):
    def _make(**policy):
        return RedisRoom(client, Scripts(client), default=Policy(**policy))

    return _make


@pytest.fixture
def outbox(client) -> AdmissionOutbox:
    """Leases end by being given back: nobody is killed unless a test says so."""
    return AdmissionOutbox(client, Scripts(client), lease_ms=60_000)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
def make_waiting_room(make_room, catalogue, tokens, clock):
    def _make(**policy):
        return WaitingRoom(room=make_room(**policy), events=catalogue, tokens=tokens, clock=clock)

    return _make


@pytest.fixture
def events():
    """What the event service knows; the test may change it."""
    return {EVENT_ID: ON_SALE}


def catalogue_spec(events) -> AnySpec:
    """An event service that knows these events and nothing else."""
    return ServiceSpec(
        name="event", build=lambda _resources: events, routes=(bind(event.GET, find),)
    )


@pytest.fixture
async def platform(postgres, valkey, tmp_path, events):
    async with running(
        postgres, valkey, tmp_path, "auth", catalogue_spec(events), "queue"
    ) as served:
        yield served
