"""`client.watch`: live where sockets work, by polling where not, and the place kept through everything."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace

import pytest

from tests.integration.realtime.conftest import CATALOGUE, EVENT_ID, enter, set_policy
from tests.services import serving
from tests.waiting import PATIENCE_S
from tiketi_platform.runtime.registry import spec_of
from tiketi_sdk import AsyncTiketi, Config, Tiketi, errors
from tiketi_sdk.config import service_urls
from tiketi_sdk.contract.queue import Place


def client_of(platform, user, *, ttl_s=60):
    urls = {**service_urls(), **{name: platform.url(name) for name in platform.settings.ports}}
    token = platform.token(sub=str(user), ttl_s=ttl_s)
    return AsyncTiketi(config=Config(urls=urls), token=token)


async def test_it_enters_follows_the_line_and_ends_with_the_token(platform):
    await set_policy(platform, capacity=0)
    await enter(platform, 1)
    async with client_of(platform, 2) as client, client.watch(EVENT_ID) as updates:
        first = await anext(updates)
        assert (first.kind, first.position, first.live) == ("place", 2, True)
        second = await anext(updates)
        assert (second.kind, second.position) == ("line", 2)
        await set_policy(platform, capacity=2)
        kinds = [update.kind async for update in updates]
        assert kinds[-1] == "admitted"
        assert client.credentials.entry_tokens[EVENT_ID]


async def test_who_may_walk_in_is_told_at_once(platform):
    async with client_of(platform, 1) as client:
        assert [update.kind async for update in client.watch(EVENT_ID)] == ["admitted"]


async def test_without_sockets_it_polls(settings):
    deaf = replace(spec_of("queue"), raw_routes=lambda _service, _verifier: ())
    async with serving(settings, "auth", CATALOGUE, deaf) as platform:
        await set_policy(platform, capacity=0)
        async with client_of(platform, 1) as client, client.watch(EVENT_ID) as updates:
            first = await anext(updates)
            assert (first.kind, first.live, first.position) == ("place", False, 1)
            await set_policy(platform, capacity=1)
            kinds = [update.kind async for update in updates]
            assert kinds[-1] == "admitted"


async def test_it_comes_back_after_the_server_and_the_place_is_kept(settings):
    spec = spec_of("queue")
    async with serving(settings, "auth", CATALOGUE) as rest:
        async with serving(settings, spec):
            await set_policy(rest, capacity=0)
            client = client_of(rest, 1)
            updates = client.watch(EVENT_ID)
            assert (await anext(updates)).position == 1
        waiting = asyncio.create_task(_until_admitted(updates))
        async with serving(settings, spec):
            await set_policy(rest, capacity=1)
            async with asyncio.timeout(PATIENCE_S):
                assert await waiting == "admitted"
        await client.close()


async def _until_admitted(updates):
    last = None
    async with aclosing(updates):
        async for update in updates:
            last = update.kind
    return last


async def test_somebody_who_only_looks_enters_nothing(platform):
    await set_policy(platform, capacity=5)
    async with client_of(platform, 9) as client, client.watch(EVENT_ID, own=False) as updates:
        update = await anext(updates)
        assert (update.kind, update.place, update.line.capacity) == ("line", None, 5)
        with pytest.raises(errors.NotInQueueError):
            await client.queue.status(EVENT_ID)


async def test_time_runs_out_and_the_place_is_kept(platform):
    await set_policy(platform, capacity=0)
    async with client_of(platform, 1) as client:
        with pytest.raises(errors.WaitTimeoutError):
            async for _ in client.watch(EVENT_ID, timeout_s=1.5):
                pass
        with suppress(errors.TooEarlyError):
            assert (await client.queue.status(EVENT_ID)).position == 1


async def test_an_expired_token_that_cannot_be_renewed_is_an_error(platform):
    await set_policy(platform, capacity=0)
    async with client_of(platform, 1, ttl_s=2) as client:
        with pytest.raises(errors.TokenExpiredError):
            await asyncio.wait_for(_until_admitted(client.watch(EVENT_ID)), timeout=PATIENCE_S)


async def test_scripts_without_a_loop_watch_too(platform):
    await set_policy(platform, capacity=0)
    config = Config(
        urls={**service_urls(), **{name: platform.url(name) for name in platform.settings.ports}}
    )

    def script() -> list[str]:
        with Tiketi(config=config, token=platform.token(sub="1")) as client:
            kinds: list[str] = []
            with client.watch(EVENT_ID) as updates:
                for update in updates:
                    kinds.append(update.kind)
                    if update.kind == "line":
                        client.queue.leave(EVENT_ID)
            return kinds

    kinds = await asyncio.to_thread(script)
    assert kinds[:2] == ["place", "line"]
    assert kinds[-1] == "gone"


@pytest.mark.parametrize("sockets", [True, False], ids=["sockets", "polling"])
async def test_waiting_live_ends_with_the_admission(settings, sockets):
    spec = spec_of("queue")
    deaf = replace(spec, raw_routes=lambda _service, _verifier: ())
    async with serving(settings, "auth", CATALOGUE, spec if sockets else deaf) as platform:
        await set_policy(platform, capacity=0)
        async with client_of(platform, 1) as client:
            seen: asyncio.Queue[Place] = asyncio.Queue()
            waiting = asyncio.create_task(
                client.queue.wait_until_admitted(
                    EVENT_ID, timeout_s=60, on_place=seen.put_nowait, live=True
                )
            )
            assert (await seen.get()).position == 1
            await set_policy(platform, capacity=1)
            assert (await waiting).entry_token


async def test_waiting_live_says_when_the_place_is_lost(platform):
    await set_policy(platform, capacity=0)
    async with client_of(platform, 1) as client:
        seen: asyncio.Queue[Place] = asyncio.Queue()
        waiting = asyncio.create_task(
            client.queue.wait_until_admitted(EVENT_ID, on_place=seen.put_nowait, live=True)
        )
        await seen.get()
        await client.queue.leave(EVENT_ID)
        async with asyncio.timeout(60):
            with pytest.raises(errors.NotInQueueError):
                await waiting
