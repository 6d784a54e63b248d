"""Telling of admissions always gets ahead: however full the log, slow the bus, and short the lease."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.integration.queue.conftest import EVENT, NOW_MS
from tests.integration.queue.telling import LONG_LEASE_MS, USERS_COUNT, Wire, let_in, told_all
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import UserId
from tiketi_core.kernel.message import Message
from tiketi_core.queue.model import PolicyChange
from tiketi_platform.adapters.redis import Scripts, keys
from tiketi_platform.adapters.redis.admissions import ENTRIES_MIN, AdmissionOutbox


class Observed(Wire):
    """Runs something after each batch, and remembers how long they were and what was told before."""

    def __init__(self, client, after=None) -> None:
        super().__init__()
        self.listened = True
        self.told_before: list[bytes | None] = []
        self.lengths: list[int] = []
        self._client = client
        self._after = after

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        self.told_before.append(await self._client.execute("GET", keys.told(EVENT)))
        self.lengths.append(len(messages))
        await super().publish(service, messages)
        if self._after is not None:
            await self._after()


class Reading:
    """A client that remembers how many entries each of its reads was answered."""

    def __init__(self, client) -> None:
        self._client = client
        self.counts: list[int] = []

    async def execute(self, *words, timeout_ms=None):
        reply = await self._client.execute(*words, timeout_ms=timeout_ms)
        if words[0] == "XRANGE":
            self.counts.append(len(reply))
        return reply


async def let_in_a_crowd(make_room, users_count: int) -> None:
    """All by the pump, in entries of a thousand lines."""
    room = make_room(capacity=0, admit_per_second=100_000)
    for start in range(1, users_count + 1, 1_000):
        users = [UserId(n) for n in range(start, start + 1_000)]
        await room.enter(EVENT, users, now_ms=NOW_MS)
    await room.set_policy(EVENT, PolicyChange(capacity=users_count), now_ms=NOW_MS)
    while (await room.admit(EVENT, now_ms=NOW_MS)).waiting_count:
        pass


async def test_full_entries_are_read_a_few_at_a_time_and_written_down_one_by_one(make_room, client):
    await let_in_a_crowd(make_room, 20_000)
    reading: Any = Reading(client)
    outbox = AdmissionOutbox(reading, Scripts(client), lease_ms=LONG_LEASE_MS)
    assert await outbox.count() == 20_000
    wire = Observed(client)
    relay = outbox.relay(wire, ("notification",))
    while await relay.relay_round():
        pass
    assert max(reading.counts) <= 2 * ENTRIES_MIN
    assert max(wire.lengths) <= bounds.batch_max
    assert len(set(wire.told_before)) == len(wire.told_before)
    assert [message.payload["user_id"] for message in wire.messages] == list(range(1, 20_001))
    assert await told_all(outbox)


async def test_a_bus_slower_than_the_lease_is_no_standstill(make_room, outbox, client):
    """Every lease ends while its batch is being published, and nobody else takes it."""
    await let_in(make_room)

    async def lease_ends() -> None:
        await client.execute("DEL", keys.teller(EVENT))

    wire = Observed(client, after=lease_ends)
    relay = outbox.relay(wire, ("notification",))
    while await relay.relay_round():
        pass
    assert await told_all(outbox)
    assert [message.payload["user_id"] for message in wire.messages] == list(
        range(1, USERS_COUNT + 1)
    )


async def test_who_lost_the_lease_stops_after_the_batch_in_hand_and_it_counts(
    make_room, outbox, client
):
    await let_in(make_room)

    async def another_takes_over() -> None:
        await client.execute("SET", keys.teller(EVENT), "another")

    wire = Observed(client, after=another_takes_over)
    relay = outbox.relay(wire, ("notification",))
    assert not await relay.relay_round()
    assert len(wire.lengths) == 1
    assert await outbox.count() == USERS_COUNT - wire.lengths[0]
    assert not await relay.relay_round()
    assert len(wire.lengths) == 1
    assert await client.execute("GET", keys.teller(EVENT)) == b"another"


async def test_what_another_told_meanwhile_is_not_taken_back(make_room, outbox, client):
    await let_in(make_room)
    other = Wire()
    other.listened = True

    async def another_tells_all() -> None:
        await client.execute("DEL", keys.teller(EVENT))
        following = outbox.relay(other, ("notification",))
        while await following.relay_round():
            pass
        await client.execute("DEL", keys.teller(EVENT))

    wire = Observed(client, after=another_tells_all)
    assert not await outbox.relay(wire, ("notification",)).relay_round()
    assert len(wire.lengths) == 1
    assert len(other.messages) == USERS_COUNT
    assert await told_all(outbox)
