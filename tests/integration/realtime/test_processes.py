"""Sockets at two queue processes of their own: one is killed, and its clients go on at the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.integration.queue.replica import Replica
from tests.integration.realtime.conftest import EVENT_ID, Client, enter, set_policy
from tests.integration.redis.breaking import Proxy
from tests.ports import free_port
from tests.services import Running
from tiketi_sdk import AsyncTiketi, Config
from tiketi_sdk.realtime.watch import Update


@pytest.fixture
async def replicas(platform: Running) -> AsyncIterator[list[Replica]]:
    """Two processes beside the one in this process, which only lets people in."""
    settings = platform.settings
    ports = [{**settings.ports, "queue": free_port()} for _ in range(2)]
    made = [Replica(replace(settings, ports=each)) for each in ports]
    try:
        await asyncio.gather(*(replica.start(platform.http) for replica in made))
        yield made
    finally:
        for replica in made:
            await replica.kill()


async def joined(platform: Running, replica: Replica, user: int) -> tuple[Client, dict]:
    client = Client(replica.url, platform.token(sub=str(user)), transports=("websocket",))
    await client.connect()
    return client, (await client.ask("join"))["joined"]


async def test_a_process_that_is_killed_loses_nobodys_place_and_no_admission(platform, replicas):
    doomed, other = replicas
    await set_policy(platform, capacity=0)
    users = list(range(1, 13))
    for user in users:
        await enter(platform, user)
    sockets = {u: await joined(platform, doomed if u % 2 else other, u) for u in users}
    assert [sockets[user][1]["number"] for user in users] == users
    await doomed.kill()
    # The first four are let in by a third process while half of them are connected to nothing.
    await set_policy(platform, capacity=4)
    for user in (2, 4):
        assert (await sockets[user][0].hears("admitted"))["entry_token"]
    for user in users[::2]:
        async with asyncio.timeout(60):
            await sockets[user][0].closed.wait()
        sockets[user] = await joined(platform, other, user)
    for user in (1, 3):
        assert sockets[user][1]["place"]["entry_token"]
    waiting = users[4:]
    assert [sockets[user][1]["number"] for user in waiting] == waiting
    assert sockets[5][1]["place"]["position"] == 1
    await set_policy(platform, capacity=len(users))
    for user in waiting:
        assert (await sockets[user][0].hears("admitted"))["entry_token"]
    for client, _ in sockets.values():
        await client.library.disconnect()


async def test_a_watch_goes_on_through_the_replica_that_is_left(platform, replicas):
    doomed, other = replicas
    await set_policy(platform, capacity=0)
    balancer = Proxy(doomed.port)
    await balancer.start()
    config = Config(
        urls={
            name: platform.url(name) if name != "queue" else f"http://127.0.0.1:{balancer.port}"
            for name in platform.settings.ports
        }
    )
    token = platform.token(sub="7", ttl_s=600)
    try:
        async with (
            AsyncTiketi(config=config, token=token) as client,
            client.watch(EVENT_ID, timeout_s=60) as updates,
        ):
            seen: list[Update] = []
            async for update in updates:
                seen.append(update)
                if update.live and update.kind == "place" and doomed.running:
                    assert update.position == 1
                    balancer.lead_to(other.port)
                    await doomed.kill()
                    await set_policy(platform, capacity=1)
            assert seen[-1].kind == "admitted"
            assert seen[-1].place is not None
            assert seen[-1].place.entry_token
    finally:
        await balancer.stop()
