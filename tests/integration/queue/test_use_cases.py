"""The use cases over a real Valkey: refusals, tokens, purchases, pumping, and a Valkey that is gone."""

from __future__ import annotations

import pytest

from tests.engines import engine_folder
from tests.integration.queue.conftest import EVENT, NOW_MS
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.errors import (
    EventNotFoundError,
    NotInQueueError,
    NotOnSaleError,
    QueueUnavailableError,
    WaitingRoomClosedError,
    WaitingRoomFullError,
)
from tiketi_core.queue.model import Policy, PolicyChange, Purchase, RoomState, Waiting, Was
from tiketi_core.queue.ports import Sale
from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.adapters.redis import RedisClient, Scripts, keys
from tiketi_platform.adapters.redis.waiting_room import RedisRoom
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.services.queue.pump import Pump

ANN, BOB, CIM = UserId(1), UserId(2), UserId(2**63 - 1)


async def test_unknown_events_and_events_off_sale_have_no_line(make_waiting_room, catalogue):
    queue = make_waiting_room()
    catalogue.sales[EVENT] = Sale.NOT_ON_SALE
    with pytest.raises(NotOnSaleError):
        await queue.enter(EVENT, ANN)
    for ask in (queue.enter(EventId(9_999), ANN), queue.tally(EventId(9_999))):
        with pytest.raises(EventNotFoundError):
            await ask
    with pytest.raises(NotInQueueError):
        await queue.status(EVENT, ANN)
    assert await queue.leave(EVENT, ANN) is Was.ABSENT


async def test_while_nobody_can_tell_an_event_with_a_room_is_one(
    make_room, make_waiting_room, tokens, clock
):
    """A replica that began just now remembers no event; those in line must be heard all the same."""
    before = make_waiting_room(capacity=0)
    await before.enter(EVENT, ANN)

    class Away:
        async def sale(self, _event_id: EventId) -> Sale:
            raise UnavailableError

        async def on_sale_at_ms(self, _event_id: EventId) -> int:
            raise UnavailableError

    queue = WaitingRoom(room=make_room(), events=Away(), tokens=tokens, clock=clock)
    await queue.check(EVENT)
    assert (await queue.tally(EVENT)).waiting_count == 1
    placement = (await queue.status(EVENT, ANN, polls=False)).placement
    assert isinstance(placement, Waiting)
    assert placement.position == 1
    invented = EventId(43)
    for ask in (queue.check, queue.tally, queue.check):
        with pytest.raises(UnavailableError):
            await ask(invented)
    with pytest.raises(UnavailableError):
        await queue.enter(EVENT, BOB)


async def test_refusals_by_state_and_size(make_waiting_room):
    queue = make_waiting_room(capacity=0, waiting_max=1)
    await queue.enter(EVENT, ANN)
    with pytest.raises(WaitingRoomFullError):
        await queue.enter(EVENT, BOB)
    await queue.set_policy(EVENT, PolicyChange(state=RoomState.CLOSED, waiting_max=5))
    with pytest.raises(WaitingRoomClosedError):
        await queue.enter(EVENT, BOB)
    assert (await queue.enter(EVENT, ANN)).placement.position == 1


async def test_a_room_of_a_cancelled_event_is_emptied_batch_by_batch(make_waiting_room, client):
    queue = make_waiting_room(capacity=5, grace_s=600)
    users = [UserId(user) for user in range(1, 13)]
    for user in users:
        await queue.enter(EVENT, user)
    small = RedisRoom(client, Scripts(client), batch_max=2)
    await queue.set_policy(EVENT, PolicyChange(state=RoomState.CLOSED))
    rounds_count = 1
    while await small.clear(EVENT, now_ms=NOW_MS):
        rounds_count += 1
    assert rounds_count == 4
    for _ in range(2):
        await queue.close(EVENT)
    tally = await queue.tally(EVENT)
    assert (tally.waiting_count, tally.inside_count) == (0, 0)
    assert (tally.left_total, tally.gave_up_total, tally.admitted_total) == (5, 7, 5)
    for user in users:
        with pytest.raises(NotInQueueError):
            await queue.status(EVENT, user)


async def test_an_admission_has_one_token_signed_once(make_waiting_room, tokens, clock):
    queue = make_waiting_room(session_ttl_s=60)
    first = await queue.enter(EVENT, CIM)
    assert first.entry_token == f"{CIM}/{EVENT}/1/{NOW_MS + 60_000}"
    clock.at_ms += 59_999
    assert (await queue.status(EVENT, CIM)).entry_token == first.entry_token
    assert (await queue.enter(EVENT, CIM)).entry_token == first.entry_token
    assert tokens.signed_count == 1
    clock.at_ms += 1
    with pytest.raises(NotInQueueError):
        await queue.status(EVENT, CIM)
    assert (await queue.enter(EVENT, CIM)).entry_token == f"{CIM}/{EVENT}/2/{NOW_MS + 120_000}"


async def test_pumping_fills_what_ran_out_and_measures_the_pace(make_waiting_room, clock):
    queue = make_waiting_room(capacity=10, session_ttl_s=10, grace_s=600)
    for user in range(1, 41):
        await queue.enter(EVENT, UserId(user))
    for _ in range(3):
        clock.at_ms += 10_000
        await Pump(queue).round()
    tally = await queue.tally(EVENT)
    assert (tally.admitted_total, tally.waiting_count, tally.expired_total) == (40, 0, 30)
    assert tally.pace_milli == 2_000
    clock.at_ms += 4_000_000
    await Pump(queue).round()
    await Pump(queue).round()
    tally = await queue.tally(EVENT)
    assert (tally.inside_count, tally.expired_total, tally.pace_milli) == (0, 40, 0)


async def test_promises_made_in_a_rush_are_kept_and_broken_ones_are_counted(
    make_waiting_room, clock
):
    queue = make_waiting_room(capacity=1_000, admit_per_second=4, grace_s=3_600)
    comers = iter(range(1, 1_000))

    async def second(*, comers_count: int) -> None:
        for _ in range(comers_count):
            await queue.enter(EVENT, UserId(next(comers)))
        for _ in range(5):
            clock.at_ms += 200
            await Pump(queue).round()

    # The bucket gives four at once and four in the first second: twice the pace that lasts.
    for _ in range(5):
        await second(comers_count=20)
    while (await queue.tally(EVENT)).waiting_count:
        await second(comers_count=0)
    tally = await queue.tally(EVENT)
    assert tally.promises_total > 50
    assert tally.promises_kept_total == tally.promises_total

    await second(comers_count=10)
    await queue.set_policy(EVENT, PolicyChange(state=RoomState.PAUSED))
    waiting_count = (await queue.tally(EVENT)).waiting_count
    clock.at_ms += 600_000
    await queue.set_policy(EVENT, PolicyChange(state=RoomState.OPEN))
    while (await queue.tally(EVENT)).waiting_count:
        await second(comers_count=0)
    after = await queue.tally(EVENT)
    assert waiting_count > 0
    assert after.promises_total - after.promises_kept_total == waiting_count


async def test_an_empty_room_is_pumped_no_more_until_somebody_comes(
    make_waiting_room, make_room, clock
):
    queue, room = make_waiting_room(session_ttl_s=1), make_room()
    await queue.enter(EVENT, ANN)
    clock.at_ms += 2_000
    await Pump(queue).round()
    assert await room.active() == [EVENT]
    clock.at_ms += 3_600_000
    await Pump(queue).round()
    assert await room.active() == []
    await queue.enter(EVENT, ANN)
    assert await room.active() == [EVENT]


async def test_buying_ends_the_session_it_was_made_in_and_no_later_one(make_waiting_room, clock):
    queue = make_waiting_room(capacity=1)
    await queue.enter(EVENT, ANN)
    await queue.enter(EVENT, BOB)
    clock.at_ms += 1_000
    bought = Purchase(EVENT, ANN, 7, clock.at_ms)
    await queue.bought(bought)
    assert (await queue.status(EVENT, BOB)).entry_token
    await queue.leave(EVENT, BOB)
    await queue.enter(EVENT, ANN)
    await queue.bought(bought)  # the same again
    await queue.bought(Purchase(EVENT, ANN, 8, clock.at_ms - 1))  # confirmed before this session
    assert (await queue.status(EVENT, ANN)).entry_token
    await queue.bought(Purchase(EVENT, ANN, 9, clock.at_ms))
    with pytest.raises(NotInQueueError):
        await queue.status(EVENT, ANN)
    await queue.enter(EVENT, ANN)
    await queue.bought(Purchase(EVENT, ANN, 6, clock.at_ms))  # held before the others, paid last
    with pytest.raises(NotInQueueError):
        await queue.status(EVENT, ANN)


async def test_the_log_pages_without_gap_or_repeat(make_waiting_room, clock):
    queue = make_waiting_room(capacity=3)
    for user in range(1, 11):
        clock.at_ms -= 5  # a clock that runs backwards all along
        await queue.enter(EVENT, UserId(user))
    lines, after = [], None
    while True:
        page, after = await queue.log(EVENT, after=after, limit=4)
        lines += page
        if after is None:
            break
    ids = [tuple(map(int, line.id.split("-"))) for line in lines]
    assert ids == sorted(set(ids))
    assert [line.kind for line in lines] == [
        "policy",
        *["entered", "admitted"] * 3,
        *["entered"] * 7,
    ]
    assert [line.number for line in lines if line.kind == "entered"] == list(range(1, 11))


async def test_a_log_beyond_its_bound_says_so(client):
    room = RedisRoom(client, Scripts(client), log_max=5)
    for user in range(1, 11):
        await room.enter(EVENT, [UserId(user)], now_ms=NOW_MS)
    assert not (await room.tally(EVENT, now_ms=NOW_MS)).log_truncated
    await room.admit(EVENT, now_ms=NOW_MS)
    assert (await room.tally(EVENT, now_ms=NOW_MS)).log_truncated
    assert len(await room.log(EVENT, after=None, limit=100)) == 5


async def test_admissions_are_announced_in_the_same_step(valkey, make_room):
    from redis.asyncio import Redis

    room = make_room(capacity=0)
    await room.enter(EVENT, [ANN, CIM], now_ms=NOW_MS)
    listener = Redis.from_url(valkey.url)
    async with listener.pubsub() as news:
        await news.subscribe(keys.room(EVENT).news)
        await room.set_policy(EVENT, PolicyChange(capacity=5), now_ms=NOW_MS)
        messages: list[bytes] = []
        while len(messages) < 2:
            message = await news.get_message(ignore_subscribe_messages=True, timeout=30)
            if message:
                messages.append(message["data"])
    await listener.aclose()
    assert messages == [
        b'{"state":0,"capacity":5}',
        b'{"admitted":[1,9223372036854775807],"front":2,"waiting":0}',
    ]


async def test_without_valkey_every_move_is_refused_and_places_are_kept():
    with engine_folder() as folder:
        server = ValkeyServer(folder, durable=True)
        await server.start()
        async with await RedisClient.connect(server.url) as client:
            room = RedisRoom(client, Scripts(client), default=Policy(capacity=1))
            await room.enter(EVENT, [ANN, BOB, CIM], now_ms=NOW_MS)
            await server.stop()
            for move in (
                room.enter(EVENT, [BOB], now_ms=NOW_MS),
                room.status(EVENT, BOB, now_ms=NOW_MS),
                room.leave(EVENT, BOB, now_ms=NOW_MS),
                room.active(),
            ):
                with pytest.raises(QueueUnavailableError) as refused:
                    await move
                assert refused.value.retry_after_s
            await server.start()
        async with await RedisClient.connect(server.url) as client:
            room = RedisRoom(client, Scripts(client))
            placements = [
                await room.status(EVENT, user, now_ms=NOW_MS, polls=False)
                for user in (ANN, BOB, CIM)
            ]
            assert [getattr(place, "number", None) for place in placements] == [1, 2, 3]
            assert [place.position for place in placements if isinstance(place, Waiting)] == [1, 2]
        await server.stop()
