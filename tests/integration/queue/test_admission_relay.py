"""Everybody who is let in is told of it exactly once, whatever becomes of the process that tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.doomed import dies
from tests.integration.bus.running import running as working
from tests.integration.queue.conftest import EVENT, NOW_MS, catalogue_spec
from tests.integration.queue.replica import Replica
from tests.integration.queue.telling import (
    LONG_LEASE_MS,
    USERS_COUNT,
    WALKED_IN,
    Wire,
    let_in,
    told_all,
)
from tests.ports import free_port
from tests.services import running
from tests.waiting import until
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.redis import Scripts, keys
from tiketi_platform.adapters.redis.admissions import ENTRIES_MAX, AdmissionOutbox
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.replies import bulks
from tiketi_sdk.contract.messages import EntryAdmitted

LEASE_MS = 500


async def test_each_admission_is_one_message(make_room, outbox):
    await let_in(make_room)
    assert await outbox.count() == USERS_COUNT
    wire = Wire(refusals_count=2)
    async with working(outbox.relay(wire, ("notification",))):
        await until(lambda: told_all(outbox))
    assert [message.name for message in wire.messages] == ["entry.admitted"] * USERS_COUNT
    assert len({message.id for message in wire.messages}) == USERS_COUNT
    said = [EntryAdmitted.model_validate(dict(message.payload)) for message in wire.messages]
    assert [each.user_id for each in said] == list(range(1, USERS_COUNT + 1)), "in order"
    assert [each.number for each in said] == list(range(1, USERS_COUNT + 1))
    assert {each.event_id for each in said} == {EVENT}
    assert {message.occurred_at_ms for message in wire.messages} == {NOW_MS}


async def test_a_repeat_has_the_same_id_and_a_second_turn_another(make_room, outbox, client):
    room = make_room(capacity=1)
    await room.enter(EVENT, [UserId(7)], now_ms=NOW_MS)
    first, again = Wire(), Wire()
    for wire in (first, again):
        async with working(outbox.relay(wire, ("notification",))):
            await until(lambda: told_all(outbox))
        await client.execute("DEL", keys.told(EVENT))  # as if it had died before it wrote that down
    assert first.messages == again.messages
    await room.leave(EVENT, UserId(7), now_ms=NOW_MS + 1)
    await room.enter(EVENT, [UserId(7)], now_ms=NOW_MS + 2_000)
    third = Wire()
    async with working(outbox.relay(third, ("notification",))):
        await until(lambda: told_all(outbox))
    assert third.messages[0] == first.messages[0]
    assert third.messages[1].id != first.messages[0].id
    assert len(third.messages) == 2


async def test_a_room_is_told_of_by_one_relay_at_a_time(make_room, client):
    """With leases that do not end in the test, the second tells of nothing until the first gives up."""
    outbox = AdmissionOutbox(client, Scripts(client), lease_ms=3_600_000)
    await let_in(make_room)
    first, second = Wire(), Wire()
    leading = outbox.relay(first, ("notification",))
    async with working(leading):
        await until(lambda: told_all(outbox))
        following = outbox.relay(second, ("notification",))
        await following.relay_round()
        room = make_room(capacity=USERS_COUNT + 1)
        await room.enter(EVENT, [UserId(50_000)], now_ms=NOW_MS + 1)
        await following.relay_round()
        assert second.messages == []
    # Its lease was given back, so nobody has to wait for the end of that hour.
    async with working(following):
        await until(lambda: told_all(outbox))


async def test_a_room_that_is_no_longer_pumped_is_told_of_to_the_end(make_room, outbox, client):
    await let_in(make_room)
    assert await outbox.rooms() == [EVENT]
    await client.execute("ZREM", keys.rooms, EVENT)
    wire = Wire()
    async with working(outbox.relay(wire, ("notification",))):
        await until(lambda: gone(outbox))
    assert len(wire.messages) == USERS_COUNT


async def gone(outbox: AdmissionOutbox) -> bool:
    return await outbox.rooms() == []


async def want_turns_told(postgres) -> None:
    """Everybody has a device; every tenth wants a mail as well."""
    database = await Database.connect(postgres.dsn("notification"), "notification")
    await database.execute(
        "INSERT INTO devices (token, user_id, platform)"
        " SELECT 'device-' || n, n, 'web' FROM generate_series(1, $1) AS n",
        USERS_COUNT,
    )
    await database.execute(
        "INSERT INTO preferences (user_id, turn_email)"
        " SELECT n, true FROM generate_series(10, $1, 10) AS n",
        USERS_COUNT,
    )
    await database.close()


@pytest.mark.parametrize("step", ["publish", "advance"])
async def test_killed_in_mid_drain_everybody_is_told_once(
    step, make_room, postgres, valkey, tmp_path, events, outbox
):
    """A relay dies at its second batch; then a queue process does, wherever it is; a third finishes."""
    assert WALKED_IN > ENTRIES_MAX, "or there is no second batch"
    await want_turns_told(postgres)
    await let_in(make_room, now_ms=await valkey_ms(outbox))
    await dies("tests.integration.queue.doomed_relay", valkey.url, step, str(LONG_LEASE_MS))
    assert 0 < await outbox.count() < USERS_COUNT
    await outbox.client.execute("PEXPIRE", keys.teller(EVENT), LEASE_MS)  # its lease runs out
    async with running(
        *(postgres, valkey, tmp_path, "auth", catalogue_spec(events), "notification"),
        push_url=f"http://127.0.0.1:{free_port()}",
    ) as platform:
        settings = platform.settings
        doomed = Replica(settings)
        other = Replica(replace(settings, ports={**settings.ports, "queue": free_port()}))
        try:
            await doomed.start(platform.http)
            await doomed.kill()
            await other.start(platform.http)
            database = await Database.connect(postgres.dsn("notification"), "notification")

            async def all_recorded() -> bool:
                rows = await database.fetch(
                    "SELECT 1 FROM deliveries WHERE message_name = 'entry.admitted'"
                )
                return len(rows) == USERS_COUNT + USERS_COUNT // 10 and await told_all(outbox)

            await until(all_recorded)
            rows = await database.fetch("SELECT user_id, channel, message_name FROM deliveries")
            await database.close()
        finally:
            await doomed.kill()
            await other.kill()
    found = Counter((row["user_id"], row["channel"]) for row in rows)
    assert found == Counter(
        [(n, "push") for n in range(1, USERS_COUNT + 1)]
        + [(n, "email") for n in range(10, USERS_COUNT + 1, 10)]
    )


async def valkey_ms(outbox: AdmissionOutbox) -> int:
    seconds, micros = bulks(await outbox.client.execute("TIME"))
    return int(seconds) * 1000 + int(micros) // 1000


async def test_the_bus_waits_with_an_admission_and_loses_none(make_room, client):
    """A stream that is full refuses; what was refused is told when there is room."""
    outbox = AdmissionOutbox(client, Scripts(client), lease_ms=LEASE_MS)
    await make_room(capacity=10).enter(EVENT, [UserId(7), UserId(8)], now_ms=NOW_MS)
    full = StreamBus(client, stream_length_max=1)
    relay = outbox.relay(full, ())
    with pytest.raises(UnavailableError):
        await relay.relay_round()
    assert await outbox.count() == 2
    async with working(outbox.relay(StreamBus(client), ())):
        await until(lambda: told_all(outbox))
    assert await client.execute("XLEN", keys.messages("queue")) == 2
