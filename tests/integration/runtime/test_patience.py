"""Services that start before their stores, as pods do: alive at once, ready once the stores are there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import aiohttp
import pytest

from tests.integration.redis.breaking import Proxy
from tests.ports import free_port
from tests.services import serving, settings_for
from tests.waiting import until
from tiketi_platform.adapters.redis.errors import RedisReplyError
from tiketi_platform.runtime.errors import StoreMissingError
from tiketi_platform.runtime.patience import may_come


class LateStore:
    """A port where nobody listens until `arrive`; then the engine behind it answers."""

    def __init__(self, engine_port: int) -> None:
        self._engine = Proxy(engine_port)
        self._arrived = False
        self.port = free_port()

    async def arrive(self) -> None:
        await self._engine.start(self.port)
        self._arrived = True

    async def stop(self) -> None:
        if self._arrived:
            await self._engine.stop()


@asynccontextmanager
async def late_stores(postgres, valkey, folder, **changes):
    """Settings that point at two late stores, and those."""
    settings = settings_for(postgres, valkey, folder, **changes)
    stores = LateStore(postgres.server.port), LateStore(valkey.port)
    try:
        yield (
            replace(
                settings,
                database_url=f"postgresql://127.0.0.1:{stores[0].port}/{postgres.name}",
                redis_url=f"redis://127.0.0.1:{stores[1].port}/0",
            ),
            *stores,
        )
    finally:
        for store in stores:
            await store.stop()


@asynccontextmanager
async def process(settings, services):
    """`python -m tiketi_platform` with these settings; killed when the block ends."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tiketi_platform", "--services", services),
        env={**os.environ, **settings.to_environ()},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
            await running.communicate()


async def test_services_wait_for_their_stores_alive_but_not_ready(postgres, valkey, tmp_path):
    async with (
        late_stores(postgres, valkey, tmp_path) as (settings, database, redis),
        process(settings, "auth,queue"),
        aiohttp.ClientSession() as http,
    ):

        async def ask(service, path):
            try:
                async with http.get(settings.peer_url(service) + path) as answer:
                    return answer.status, answer.headers, await answer.json(content_type=None)
            except aiohttp.ClientConnectionError:
                return None

        for service in ("auth", "queue"):
            status, _, _ = await until(partial(ask, service, "/health/live"), timeout_s=60)
            assert status == 200
            status, headers, body = await ask(service, "/health/ready")
            assert (status, body["failed"]) == (503, ["stores"])
            assert headers["Retry-After"]
            status, _, body = await ask(service, "/.well-known/jwks.json")
            assert (status, body["code"]) == (503, "unavailable")
            assert "redis" in body["detail"]

        async def waits_for_postgres():
            answer = await ask("auth", "/.well-known/jwks.json")
            return answer is not None and "postgres" in answer[2].get("detail", "")

        async def ready(service):
            answer = await ask(service, "/health/ready")
            return answer is not None and answer[0] == 200

        await redis.arrive()
        await until(waits_for_postgres, timeout_s=60)
        await database.arrive()
        for service in ("auth", "queue"):
            await until(partial(ready, service), timeout_s=60)
            status, _, body = await ask(service, "/.well-known/jwks.json")
            assert (status, len(body["keys"])) == (200, 1)


async def test_a_start_that_waits_can_be_stopped(postgres, valkey, tmp_path):
    async with (
        late_stores(postgres, valkey, tmp_path) as (settings, _database, _redis),
        process(settings, "queue") as running,
        aiohttp.ClientSession() as http,
    ):

        async def alive():
            try:
                async with http.get(settings.peer_url("queue") + "/health/live") as answer:
                    return answer.status == 200
            except aiohttp.ClientConnectionError:
                return False

        await until(alive, timeout_s=60)
        running.send_signal(signal.SIGTERM)
        _, said = await running.communicate()
        assert (running.returncode, b"Traceback" in said) == (0, False)


async def test_a_store_that_never_comes_ends_the_start_with_what_to_do(postgres, valkey, tmp_path):
    async with (
        late_stores(postgres, valkey, tmp_path, stores_wait_s=0.2) as (settings, *_),
        process(settings, "queue") as running,
    ):
        _, said = await running.communicate()
        last = said.decode().splitlines()[-1]
        assert running.returncode == 1
        assert last.startswith("error: redis did not answer within 0.2 s")
        assert "TIKETI_REDIS_URL" in last


async def test_a_database_that_is_still_being_set_up_is_waited_for(postgres, valkey, tmp_path):
    settings = settings_for(postgres, valkey, tmp_path, stores_wait_s=0.2)
    settings = replace(settings, database_url=settings.database_url.replace("/test_", "/later_"))
    with pytest.raises(StoreMissingError, match="postgres did not answer"):
        async with serving(settings, "event"):
            pass


def test_what_waiting_does_not_help_is_not_waited_for():
    assert may_come(RedisReplyError("LOADING Valkey is loading the dataset in memory"))
    assert not may_come(RedisReplyError("WRONGPASS invalid username-password pair"))
    assert not may_come(KeyError("a fault of ours"))
