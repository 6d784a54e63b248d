"""A crowd against three queue processes over one Valkey: one is killed in the middle, then Valkey goes away.

Here the crowd is some hundreds, so that the suite stays quick, and Valkey is gone for a moment only;
`make test-crowd` runs the same at full size. What must hold does not depend on it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp

from tests.engines import engine_folder
from tests.integration.queue.conftest import catalogue_spec
from tests.integration.queue.replica import Replica
from tests.integration.queue.serving import EVENT_ID, set_policy
from tests.ports import free_port
from tests.services import serving, settings_for
from tests.waiting import PATIENCE_S, eventually
from tiketi_core.kernel import bounds
from tiketi_platform.runtime.engines.valkey import ValkeyServer

CROWD_COUNT = int(os.environ.get("TIKETI_CROWD", "400"))
VALKEY_GONE_S = float(os.environ.get("TIKETI_VALKEY_GONE_S", "1"))
CAPACITY = max(40, CROWD_COUNT // 20)
GRACE_S = bounds.grace_s_min
DEADLINE_S = 120 + CROWD_COUNT / 50


@asynccontextmanager
async def three_replicas(postgres, valkey, folder, events):
    settings = settings_for(postgres, valkey, folder)
    async with serving(settings, "auth", catalogue_spec(events), "queue") as platform:
        ports = [{**settings.ports, "queue": free_port()} for _ in range(3)]
        replicas = [Replica(replace(settings, ports=each)) for each in ports]
        try:
            await asyncio.gather(*(replica.start(platform.http) for replica in replicas))
            yield platform, replicas
        finally:
            for replica in replicas:
                await replica.kill()


class Somebody:
    """Enters, polls when told to, and leaves once admitted; tries any replica until one answers."""

    def __init__(self, platform, replicas, user):
        self._http = platform.http
        self._urls = [replica.url for replica in replicas]
        self._headers = {"Authorization": f"Bearer {platform.token(sub=str(user), ttl_s=600)}"}
        self._chance = random.Random(user)  # spreads the crowd, guards nothing
        self.failures: list[str] = []

    async def ask(self, method, path, **kwargs):
        while True:
            url = self._chance.choice(self._urls) + path
            try:
                async with self._http.request(
                    method, url, headers=self._headers, **kwargs
                ) as answer:
                    body = await answer.json(content_type=None)
                    if answer.status in {200, 429, 404}:
                        return answer.status, body
                    assert body["code"] == "queue_unavailable", body
                    assert "Retry-After" in answer.headers
                    self.failures.append(body["code"])
            except aiohttp.ClientError as error:
                self.failures.append(type(error).__name__)
            await asyncio.sleep(self._chance.uniform(0.1, 0.3))

    async def enter(self):
        status, place = await self.ask("POST", "/api/queue/enter", json={"event_id": EVENT_ID})
        assert status == 200, place
        return place

    async def visit(self):
        place = await self.enter()
        while place["state"] != "admitted":
            await asyncio.sleep(place["next_poll_ms"] / 1_000)
            status, answer = await self.ask("GET", f"/api/queue/status?event_id={EVENT_ID}")
            if status == 200:
                place = answer
            else:
                assert answer["code"] == "too_early", answer
                place = {**place, "next_poll_ms": 300}
        await self.leave()

    async def leave(self):
        _, left = await self.ask("POST", "/api/queue/leave", json={"event_id": EVENT_ID})
        return left["was"]


async def admission_log(platform):
    lines, cursor = [], None
    while True:
        path = f"/api/queue/{EVENT_ID}/log?limit=5000"
        if cursor is not None:
            path += f"&cursor={cursor}"
        page = (await platform.ask("GET", "queue", path, token=platform.admin)).body
        lines += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return lines


def judge(lines, users):
    """Capacity never passed, admitted in the order of entering, everybody once and nobody lost."""
    inside, admitted, entered = set(), [], []
    for line in lines:
        if line["kind"] == "entered":
            entered.append(line["number"])
        elif line["kind"] == "admitted":
            inside.add(line["user_id"])
            admitted.append((line["number"], line["user_id"]))
            assert len(inside) <= line["capacity"]
        elif line["kind"] in {"left", "expired"}:
            inside.discard(line["user_id"])
        else:
            assert line["kind"] == "policy", line
    assert entered == list(range(1, len(users) + 1))
    assert [number for number, _ in admitted] == entered
    assert sorted(user for _, user in admitted) == users


async def test_one_of_three_replicas_is_killed_in_the_middle_of_a_stampede(
    postgres, valkey, tmp_path, events
):
    async with three_replicas(postgres, valkey, tmp_path, events) as (platform, replicas):
        await set_policy(platform, EVENT_ID, capacity=CAPACITY, admit_per_second=2_000, grace_s=60)
        users = list(range(1, CROWD_COUNT + 1))
        crowd = [Somebody(platform, replicas, user) for user in users]
        visits = [asyncio.create_task(somebody.visit()) for somebody in crowd]
        for visit in itertools.islice(asyncio.as_completed(visits), CROWD_COUNT // 10):
            await visit
        await replicas[1].kill()
        assert not all(visit.done() for visit in visits), "killed too late to prove anything"
        await asyncio.sleep(0.5)
        await replicas[1].start(platform.http)
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*visits)
        judge(await admission_log(platform), users)


async def test_valkey_stops_in_the_middle_of_a_sale_and_everybody_keeps_the_place(
    postgres, tmp_path, events
):
    with engine_folder() as folder:
        valkey = ValkeyServer(folder, durable=True)
        await valkey.start()
        try:
            async with three_replicas(postgres, valkey, tmp_path, events) as (platform, replicas):
                await set_policy(platform, EVENT_ID, capacity=0, grace_s=60)
                crowd = [Somebody(platform, replicas, user) for user in range(1, 61)]
                before = [await somebody.enter() for somebody in crowd]
                await valkey.stop()
                again = [asyncio.create_task(somebody.enter()) for somebody in crowd]
                await eventually(lambda: all(somebody.failures for somebody in crowd))
                await asyncio.sleep(VALKEY_GONE_S)
                await valkey.start()
                async with asyncio.timeout(PATIENCE_S):
                    after = await asyncio.gather(*again)
                assert [place["position"] for place in after] == [
                    place["position"] for place in before
                ]
                failures = {each for somebody in crowd for each in somebody.failures}
                assert failures == {"queue_unavailable"}
        finally:
            await valkey.stop()


async def test_an_outage_longer_than_the_grace_costs_nobody_the_place(postgres, tmp_path, events):
    """First Valkey is away, then every queue process; nobody polls, and each time room is made right after."""
    with engine_folder() as folder:
        valkey = ValkeyServer(folder, durable=True)
        await valkey.start()
        settings = settings_for(postgres, valkey, tmp_path)
        only = Replica(settings)
        try:
            async with serving(settings, "auth", catalogue_spec(events)) as platform:
                await only.start(platform.http)
                await set_policy(platform, EVENT_ID, capacity=1, grace_s=GRACE_S)
                crowd = [Somebody(platform, [only], user) for user in range(1, 31)]
                for somebody in crowd:
                    await somebody.enter()
                await valkey.stop()
                await asyncio.sleep(GRACE_S + 1)
                await valkey.start()
                assert await crowd[0].leave() == "admitted"
                await only.kill()
                await asyncio.sleep(GRACE_S + 1)
                await only.start(platform.http)
                assert await crowd[1].leave() == "admitted"
                lines = await admission_log(platform)
                assert [line["number"] for line in lines if line["kind"] == "admitted"] == [1, 2, 3]
                assert "skipped" not in {line["kind"] for line in lines}
        finally:
            await only.kill()
            await valkey.stop()
