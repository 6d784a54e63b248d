"""The admission log has bounds: what a page of it costs, how long it grows, and how long it is kept."""

from __future__ import annotations

from typing import Any

from tests.integration.queue.conftest import EVENT, NOW_MS
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import LogLine, Policy, PolicyChange
from tiketi_platform.adapters.redis import Scripts, keys
from tiketi_platform.adapters.redis.waiting_room import RedisRoom

HOUR_MS = 3_600_000


async def filled(room, *, users_count, batch=500):
    """Everybody in one crowd: entries of the log with up to five hundred lines."""
    for start in range(1, users_count + 1, batch):
        users = [UserId(user) for user in range(start, start + batch)]
        await room.enter(EVENT, users, now_ms=NOW_MS)


class Counting:
    """A client that counts the entries it was answered."""

    def __init__(self, client):
        self._client = client
        self.entries_count = 0

    async def execute(self, *words, timeout_ms=None):
        reply = await self._client.execute(*words, timeout_ms=timeout_ms)
        if words[0] == "XRANGE":
            self.entries_count += len(reply)
        return reply


async def test_a_page_reads_little_more_than_it_answers(client):
    room = RedisRoom(client, Scripts(client), default=Policy(capacity=0))
    await filled(room, users_count=20_000)
    for user in range(30_001, 30_301):
        await room.enter(EVENT, [UserId(user)], now_ms=NOW_MS)
    counting: Any = Counting(client)
    reader = RedisRoom(counting, Scripts(client))
    lines: list[LogLine] = []
    after = None
    while page := await reader.log(EVENT, after=after, limit=700):
        assert counting.entries_count <= 16 + 2 * len(page)
        if not lines:
            assert counting.entries_count < 16
        counting.entries_count = 0
        lines += page
        after = page[-1].id
    numbers = [line.number for line in lines if line.kind == "entered"]
    assert numbers == list(range(1, 20_301))
    assert [len(await reader.log(EVENT, after=None, limit=limit)) for limit in (1, 2, 501)] == [
        1,
        2,
        501,
    ]


async def test_the_log_is_bounded_in_lines(client):
    room = RedisRoom(client, Scripts(client), default=Policy(capacity=0), log_max=1_200)
    await filled(room, users_count=5_000)
    await room.admit(EVENT, now_ms=NOW_MS)
    lines = await room.log(EVENT, after=None, limit=10_000)
    assert [line.number for line in lines] == list(range(4_001, 5_001))
    assert (await room.tally(EVENT, now_ms=NOW_MS)).log_truncated
    await room.admit(EVENT, now_ms=NOW_MS)
    assert len(await room.log(EVENT, after=None, limit=10_000)) == len(lines)


async def test_a_log_that_ran_out_is_counted_from_its_new_beginning(client):
    """Else its first lines would be taken for too many, and dropped."""
    made = [
        RedisRoom(client, Scripts(client), default=Policy(capacity=0), log_max=1_200)
        for _ in range(2)
    ]
    await filled(made[0], users_count=1_000)
    await client.execute("DEL", keys.room(EVENT).log)
    users = [UserId(user) for user in range(1_001, 1_501)]
    await made[1].enter(EVENT, users, now_ms=NOW_MS)
    await made[1].admit(EVENT, now_ms=NOW_MS)
    lines = await made[1].log(EVENT, after=None, limit=10_000)
    assert [line.number for line in lines] == list(range(1_001, 1_501))


async def ttls_ms(client):
    parts = keys.room(EVENT)
    return [await client.execute("PTTL", key) for key in (parts.all[0], parts.log, parts.draw)]


async def test_what_an_empty_room_remembers_runs_out_unless_it_is_used_again(client):
    room = RedisRoom(client, Scripts(client), default=Policy(session_ttl_s=1))
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS, capacity=7), now_ms=NOW_MS)
    await room.enter(EVENT, [UserId(1)], now_ms=NOW_MS)
    later_ms = NOW_MS + 2 * HOUR_MS
    await room.admit(EVENT, now_ms=later_ms)
    assert await ttls_ms(client) == [-1, -1, -1]
    await room.retire(EVENT, now_ms=later_ms)
    forever, *kept = await ttls_ms(client)
    assert forever == -1, "the policy holds until it is changed"
    assert all(0 < ms <= bounds.room_kept_s * 1_000 for ms in kept)
    await room.enter(EVENT, [UserId(1)], now_ms=later_ms)
    assert await ttls_ms(client) == [-1, -1, -1]

    last_ms = later_ms + 2 * HOUR_MS
    await room.admit(EVENT, now_ms=last_ms)
    await room.retire(EVENT, now_ms=last_ms)
    await client.execute("PEXPIRE", keys.room(EVENT).log, 0)
    tally = await room.tally(EVENT, now_ms=last_ms)
    assert (tally.log_truncated, tally.policy.capacity, tally.entered_total) == (True, 7, 2)
    await room.enter(EVENT, [UserId(1)], now_ms=last_ms + HOUR_MS)
    assert (await room.tally(EVENT, now_ms=last_ms + HOUR_MS)).log_truncated


async def test_a_room_that_people_are_yet_to_gather_in_is_kept_whole(client):
    room = RedisRoom(client, Scripts(client))
    opens_at_ms = NOW_MS + 1_000 * HOUR_MS
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=opens_at_ms), now_ms=NOW_MS)
    later_ms = NOW_MS + 2 * HOUR_MS
    await room.retire(EVENT, now_ms=later_ms)
    assert await room.active() == []
    assert await ttls_ms(client) == [-1, -1, -1]
    assert await room.gathering(EVENT) is not None


async def test_a_replica_whose_clock_is_ahead_takes_no_room_off_the_list(client):
    here, ahead = (RedisRoom(client, Scripts(client), own_clock=True) for _ in range(2))
    await here.enter(EVENT, [UserId(1)], now_ms=NOW_MS)
    await ahead.retire(EVENT, now_ms=NOW_MS + 1_000 * HOUR_MS)
    assert await here.active() == [EVENT]
