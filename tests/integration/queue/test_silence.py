"""Whether a line is heard through its sockets too, by the script that answers for a whole process's sockets."""

from __future__ import annotations

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.model import PolicyChange
from tiketi_core.queue.rules._silence import HUSH_LINE_MIN
from tiketi_platform.adapters.redis import Scripts
from tiketi_platform.adapters.redis.pulse import RoomPulse
from tiketi_platform.adapters.redis.replies import array, bulk

EVENT = EventId(42)
GRACE_S = 60
USERS = [UserId(user) for user in range(1, HUSH_LINE_MIN + 1)]


async def now_ms_of(client) -> int:
    seconds, micros = map(bulk, array(await client.execute("TIME")))
    return int(seconds) * 1_000 + int(micros) // 1_000


async def test_a_line_that_is_there_by_socket_only_is_heard(client, make_room):
    room = make_room(capacity=0, grace_s=GRACE_S)
    now_ms = await now_ms_of(client)
    await room.enter(EVENT, USERS, now_ms=now_ms - GRACE_S * 900)
    await room.set_policy(EVENT, PolicyChange(capacity=9), now_ms=now_ms)
    assert (await room.admit(EVENT, now_ms=now_ms)).admitted_count == 0, "nobody was heard"
    assert (await room.tally(EVENT, now_ms=now_ms)).hushed, "and whoever looks is told why"
    await RoomPulse(Scripts(client)).alive(EVENT, USERS[:1])
    assert not (await room.tally(EVENT, now_ms=now_ms)).hushed
    assert (await room.admit(EVENT, now_ms=now_ms)).admitted_count == HUSH_LINE_MIN
