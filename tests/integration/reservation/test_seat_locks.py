"""The locks in front of the seats, on a real Valkey: all or none, safe release, no harm when it is away."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.integration.reservation.box_office import EVENT, NOW_MS, BoxOffice, on_sale
from tiketi_core.kernel.ids import SeatId, UserId
from tiketi_core.reservation.errors import NotOnSaleError, SeatTakenError
from tiketi_core.reservation.model import RequestKey
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.adapters.redis.seat_locks import RedisSeatLocks
from tiketi_platform.runtime.engines.valkey import ValkeyServer

A, B = UserId(1), UserId(12)
ONE, TWO, THREE = SeatId(1), SeatId(2), SeatId(3)


@pytest.fixture
async def redis(valkey: ValkeyServer) -> AsyncIterator[RedisClient]:
    async with await RedisClient.connect(valkey.url) as client:
        yield client


@pytest.fixture
def locks(redis: RedisClient) -> RedisSeatLocks:
    return RedisSeatLocks(Scripts(redis))


async def test_all_or_none(locks: RedisSeatLocks):
    owner = await locks.acquire(EVENT, [TWO], user_id=A)
    with pytest.raises(SeatTakenError) as caught:
        await locks.acquire(EVENT, [ONE, TWO, THREE], user_id=B)
    assert caught.value.extra == {"seat_ids": [TWO]}
    await locks.acquire(EVENT, [ONE, THREE], user_id=B)
    await locks.release(EVENT, [TWO], owner=owner)
    await locks.acquire(EVENT, [TWO], user_id=B)


async def test_nobody_releases_the_lock_of_another(locks: RedisSeatLocks):
    await locks.acquire(EVENT, [ONE], user_id=A)
    await locks.release(EVENT, [ONE], owner="1:else")
    with pytest.raises(SeatTakenError):
        await locks.acquire(EVENT, [ONE], user_id=B)


async def test_a_lock_is_no_obstacle_to_its_own_user(locks: RedisSeatLocks):
    first = await locks.acquire(EVENT, [ONE], user_id=A)
    second = await locks.acquire(EVENT, [ONE, TWO], user_id=A)
    await locks.release(EVENT, [ONE, TWO], owner=second)
    with pytest.raises(SeatTakenError):
        await locks.acquire(EVENT, [ONE], user_id=B)
    await locks.release(EVENT, [ONE], owner=first)
    await locks.acquire(EVENT, [ONE, TWO], user_id=B)


async def test_a_lock_runs_out(redis: RedisClient, locks: RedisSeatLocks):
    await locks.acquire(EVENT, [ONE], user_id=A)
    left_ms = await redis.execute("PTTL", f"seats:{{{EVENT}}}:lock:1")
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= 10_000


async def test_reserving_goes_on_without_redis(office: BoxOffice, redis: RedisClient):
    first = await office.open()
    away = RedisSeatLocks(Scripts(redis))
    await redis.close()
    office.reservations = office.office(away)
    await office.hold(1, first)
    with pytest.raises(SeatTakenError):
        await office.hold(2, first)


async def test_a_repeated_request_is_answered_again_while_others_try_for_its_seats(
    office: BoxOffice, locks: RedisSeatLocks
):
    first = await office.open()
    held = await office.hold(1, first, key="k")
    await locks.acquire(EVENT, [SeatId(first)], user_id=UserId(2))
    with pytest.raises(SeatTakenError):
        await office.hold(1, first, key="other")
    assert (await office.hold(1, first, key="k")).id == held.id


@pytest.fixture
def acquisitions(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one with each connection that a pool lends."""
    lent: list[object] = []
    acquire = asyncpg.pool.Pool.acquire

    def counted(pool: "asyncpg.Pool[asyncpg.Record]", **options: Any) -> Any:
        lent.append(pool)
        return acquire(pool, **options)

    monkeypatch.setattr(asyncpg.Pool, "acquire", counted)
    return lent


async def test_whoever_is_turned_away_early_costs_the_database_nothing(
    office: BoxOffice, locks: RedisSeatLocks, acquisitions: list[object]
):
    first = await office.open()
    owner = await locks.acquire(EVENT, [SeatId(first)], user_id=UserId(1))
    acquisitions.clear()
    for user in range(2, 12):
        with pytest.raises(SeatTakenError):
            await office.hold(user, first, key=f"k{user}")
    office.catalogue.events[EVENT] = on_sale(EVENT, on_sale_at_ms=NOW_MS + 1)
    for user in range(2, 12):
        with pytest.raises(NotOnSaleError):
            await office.hold(user, first, key=f"k{user}")
    assert acquisitions == []
    office.catalogue.events.clear()
    await locks.release(EVENT, [SeatId(first)], owner=owner)
    await office.hold(2, first, key="k2")
    assert acquisitions, "they are counted"


async def test_only_a_request_that_was_let_through_is_let_through_again(locks: RedisSeatLocks):
    key = RequestKey("k", b"asked")
    owner = await locks.acquire(EVENT, [ONE], user_id=A, key=key)
    await locks.release(EVENT, [ONE], owner=owner)
    theirs = await locks.acquire(EVENT, [ONE, TWO], user_id=B, key=RequestKey("k2", b""))
    for user, other in ((A, RequestKey("k2", b"")), (UserId(3), key), (A, None)):
        with pytest.raises(SeatTakenError):
            await locks.acquire(EVENT, [ONE], user_id=user, key=other)
    again = await locks.acquire(EVENT, [ONE], user_id=A, key=key)
    await locks.release(EVENT, [ONE], owner=again)
    with pytest.raises(SeatTakenError, match="hand on"):
        await locks.acquire(EVENT, [ONE], user_id=A)
    await locks.release(EVENT, [ONE, TWO], owner=theirs)
    await locks.acquire(EVENT, [ONE], user_id=A)
