"""Rooms that fail, and draws, keep no other room waiting."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.queue.conftest import EVENT, NOW_MS
from tests.waiting import eventually
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_core.queue.model import PolicyChange, Pumped
from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.adapters.redis import RedisClient, Scripts, keys
from tiketi_platform.adapters.redis.room_draw import RoomDraws
from tiketi_platform.services.queue.pump import TURNS_MAX, Pump

BROKEN, SLOW, GOOD = EventId(1), EventId(2), EventId(3)


async def test_a_broken_room_keeps_no_other_waiting(make_waiting_room, client):
    queue = make_waiting_room(capacity=0)
    for event_id in (BROKEN, GOOD):
        for user in (1, 2):
            await queue.enter(event_id, UserId(user))
        await queue.set_policy(event_id, PolicyChange(capacity=1))
        await queue.leave(event_id, UserId(1))
    # What no time heals: a key of the room is not what it should be.
    await client.execute("SET", keys.room(BROKEN).waiting, "not a line")
    await queue.set_policy(GOOD, PolicyChange(capacity=0))
    await queue.enter(GOOD, UserId(3))
    pump = Pump(queue)
    await pump.round()
    assert pump.failing_count == 1
    await queue.set_policy(GOOD, PolicyChange(capacity=5))
    await pump.round()
    assert (await queue.tally(GOOD)).waiting_count == 0


class Rooms(WaitingRoom):
    """What a pump asks of the waiting rooms; each room does what the test says."""

    def __init__(self, *event_ids):
        self.event_ids = event_ids
        self.pumped = []
        self.drawing = []
        self.draws = asyncio.Event()

    async def active(self):
        return self.event_ids

    async def pump(self, event_id):
        self.pumped.append(event_id)
        if event_id == BROKEN:
            raise QueueUnavailableError(retry_after_s=1)
        return Pumped(0, 0, 0, event_id == SLOW, 1, 0, event_id == SLOW)

    async def draw(self, event_id):
        self.drawing.append(event_id)
        await self.draws.wait()
        return True


async def test_rooms_take_turns_and_a_draw_is_held_beside_them():
    rooms = Rooms(BROKEN, SLOW, GOOD)
    pump = Pump(rooms)
    for _ in range(2):
        await pump.round()
    await eventually(lambda: rooms.drawing == [SLOW])
    assert rooms.drawing == [SLOW], "one draw of an event at a time"
    assert rooms.pumped[:3] == [BROKEN, SLOW, GOOD]
    assert rooms.pumped.count(BROKEN) == 1, "who failed is left alone for a while"
    assert rooms.pumped.count(SLOW) == 2 * TURNS_MAX
    assert rooms.pumped.count(GOOD) == 2
    rooms.draws.set()
    await pump.drawn()
    await pump.stop()


async def test_a_draw_under_way_ends_with_the_process():
    rooms = Rooms(SLOW)
    pump = Pump(rooms)
    await pump.round()
    await eventually(lambda: rooms.drawing == [SLOW])
    await pump.stop()
    await pump.drawn()


async def test_without_a_store_the_round_is_given_up():
    class Away(Rooms):
        async def pump(self, event_id):
            self.pumped.append(event_id)
            raise QueueUnavailableError(retry_after_s=1)

    rooms = Away(*(EventId(number) for number in range(1, 100)))
    with pytest.raises(QueueUnavailableError):
        await Pump(rooms).round()
    assert len(rooms.pumped) == 3


async def test_one_replica_draws_until_its_lease_runs_out(make_room, client, valkey):
    room = make_room(capacity=0)
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS + 1), now_ms=NOW_MS)
    await room.enter(EVENT, [UserId(user) for user in range(1, 51)], now_ms=NOW_MS)
    started, go_on = asyncio.Event(), asyncio.Event()

    class Held(RoomDraws):
        """Stops before it writes the first numbers."""

        async def _write(self, event_id, now_ms, part, start, drawn):
            started.set()
            await go_on.wait()
            await super()._write(event_id, now_ms, part, start, drawn)

    room._draws = Held(room._calls, part_max=10)
    async with await RedisClient.connect(valkey.url) as another:
        other = type(room)(another, Scripts(another))
        drawing = asyncio.create_task(room.draw(EVENT, now_ms=NOW_MS + 1))
        await started.wait()
        assert not await other.draw(EVENT, now_ms=NOW_MS + 2), "somebody else is at it"
        after_ms = NOW_MS + 1 + 5_000
        assert await other.draw(EVENT, now_ms=after_ms), "he was silent for too long"
        go_on.set()
        assert not await drawing
    tally = await room.tally(EVENT, now_ms=after_ms)
    assert (tally.entered_total, tally.waiting_count) == (50, 50)
    assert await client.execute("HGET", keys.room(EVENT).draw, "holder") is None


async def test_whoever_comes_between_the_draw_and_the_sale_queues_behind(make_room):
    room = make_room(capacity=0)
    refused = await room.enter(EVENT, [UserId(1)], now_ms=NOW_MS, before_sale=True)
    assert refused[0].value == "before_sale"
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS + 1_000), now_ms=NOW_MS)
    await room.enter(EVENT, [UserId(1), UserId(2)], now_ms=NOW_MS, before_sale=True)
    (late,) = await room.enter(EVENT, [UserId(3)], now_ms=NOW_MS + 1_000, before_sale=True)
    assert (late.number, late.position) == (3, 3)
    assert await room.draw(EVENT, now_ms=NOW_MS + 1_001)
    (later,) = await room.enter(EVENT, [UserId(4)], now_ms=NOW_MS + 1_002, before_sale=True)
    assert (later.number, later.position) == (4, 4)
