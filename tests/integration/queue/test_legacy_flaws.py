"""The monolith's flaws F1 to F6, as checks that hold here (LEGACY.md); every race is a real one."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.integration.queue.conftest import EVENT, NOW_MS
from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Admitted, Policy, PolicyChange, Waiting, Was
from tiketi_platform.adapters.redis import RedisClient, Scripts
from tiketi_platform.adapters.redis.waiting_room import RedisRoom

CAPACITY = 100


@pytest.fixture
async def replicas(valkey):
    """Four replicas with a connection each, their clocks up to a second apart."""
    clients = [await RedisClient.connect(valkey.url) for _ in range(4)]
    policy = Policy(capacity=CAPACITY, admit_per_second=100_000)
    yield [RedisRoom(client, Scripts(client), default=policy) for client in clients]
    for client in clients:
        await client.close()


async def rush(replicas, count, *, first=1, now_ms=NOW_MS):
    """`count` users at once, spread over the replicas; each user's placement."""
    users = [UserId(number) for number in range(first, first + count)]
    answers = await asyncio.gather(
        *(replicas[user % 4].enter(EVENT, [user], now_ms=now_ms + user % 4 * 333) for user in users)
    )
    return {user: answer for user, (answer,) in zip(users, answers, strict=True)}


async def history(room):
    lines, after = [], None
    while page := await room.log(EVENT, after=after, limit=1_000):
        lines += page
        after = page[-1].id
    return lines


async def test_f1_never_more_than_the_capacity_however_many_come_at_once(replicas):
    placements = await rush(replicas, 2_000)
    assert sum(isinstance(place, Admitted) for place in placements.values()) == CAPACITY
    leavers = [user for user, place in placements.items() if isinstance(place, Admitted)][:60]
    await asyncio.gather(
        *(replicas[user % 4].leave(EVENT, user, now_ms=NOW_MS + 2_000) for user in leavers),
        *(room.admit(EVENT, now_ms=NOW_MS + 2_000) for room in replicas * 5),
    )
    inside = set()
    for line in await history(replicas[0]):
        if line.kind == "admitted":
            inside.add(line.user_id)
        elif line.kind in {"left", "expired"}:
            inside.remove(line.user_id)
        assert len(inside) <= line.capacity
    tally = await replicas[0].tally(EVENT, now_ms=NOW_MS + 2_000)
    assert (tally.inside_count, tally.inside_max) == (CAPACITY, CAPACITY)
    assert tally.admitted_total == CAPACITY + 60


async def test_f2_one_user_is_in_one_place_however_often_he_asks_at_once(replicas):
    await asyncio.gather(*(rush(replicas, 300) for _ in range(5)))
    kinds = Counter((line.kind, line.user_id) for line in await history(replicas[0]))
    assert all(kinds["entered", user] == 1 for user in range(1, 301))
    tally = await replicas[0].tally(EVENT, now_ms=NOW_MS + 1_000)
    assert (tally.inside_count, tally.waiting_count) == (CAPACITY, 200)


async def test_f3_the_line_moves_when_room_is_made_and_after_a_restart(replicas, make_room):
    placements = await rush(replicas, 400)
    insiders = [user for user, place in placements.items() if isinstance(place, Admitted)]
    await asyncio.gather(*(replicas[0].leave(EVENT, u, now_ms=NOW_MS) for u in insiders[:50]))
    tally = await replicas[0].tally(EVENT, now_ms=NOW_MS)
    assert (tally.inside_count, tally.waiting_count) == (CAPACITY, 250)
    fresh = make_room()  # a process that was not there when they entered
    assert list(await fresh.active()) == [EVENT]
    pumped = await fresh.admit(EVENT, now_ms=NOW_MS + 301_001)
    assert pumped.reaped_count == CAPACITY


async def test_f4_nobody_walks_past_a_waiting_crowd(replicas):
    placements = await rush(replicas, CAPACITY + 20)
    await replicas[0].set_policy(EVENT, PolicyChange(admit_per_second=1), now_ms=NOW_MS)
    insider = next(user for user, place in placements.items() if isinstance(place, Admitted))
    assert await replicas[0].leave(EVENT, insider, now_ms=NOW_MS + 999) is Was.ADMITTED
    later = await rush(replicas, 40, first=5_000, now_ms=NOW_MS + 999)
    assert all(isinstance(place, Waiting) for place in later.values())
    numbers = [line.number for line in await history(replicas[0]) if line.kind == "admitted"]
    assert numbers == sorted(numbers)


async def test_f5_each_session_has_an_end_of_its_own(make_room):
    room = make_room(capacity=2, session_ttl_s=60)
    early, late, next_in = UserId(1), UserId(2), UserId(3)
    await room.enter(EVENT, [early], now_ms=NOW_MS)
    await room.enter(EVENT, [late, next_in], now_ms=NOW_MS + 40_000)
    at_ms = NOW_MS + 60_000
    assert await room.status(EVENT, next_in, now_ms=at_ms - 1) is not None
    assert (await room.admit(EVENT, now_ms=at_ms - 1)).admitted_count == 0
    pumped = await room.admit(EVENT, now_ms=at_ms)
    assert (pumped.reaped_count, pumped.admitted_count) == (1, 1)
    assert await room.status(EVENT, early, now_ms=at_ms) is None
    assert isinstance(await room.status(EVENT, late, now_ms=at_ms), Admitted)
    assert isinstance(await room.status(EVENT, next_in, now_ms=at_ms), Admitted)


async def test_f6_nobody_stays_waiting_when_everything_is_free(make_room):
    room = make_room(capacity=1, session_ttl_s=10)
    await room.enter(EVENT, [UserId(1), UserId(2)], now_ms=NOW_MS)
    await room.leave(EVENT, UserId(1), now_ms=NOW_MS + 1)
    assert isinstance(await room.status(EVENT, UserId(2), now_ms=NOW_MS + 1), Admitted)


async def test_f11_order_is_the_order_of_entering_within_one_millisecond(make_room):
    room = make_room(capacity=0)
    users = [UserId(number) for number in (900, 10, 9, 8_000, 1)]
    placements = await room.enter(EVENT, users, now_ms=NOW_MS)
    assert [place.position for place in placements] == [1, 2, 3, 4, 5]
    await room.set_policy(EVENT, PolicyChange(capacity=3), now_ms=NOW_MS)
    admitted = [line.user_id for line in await history(room) if line.kind == "admitted"]
    assert admitted == users[:3]
