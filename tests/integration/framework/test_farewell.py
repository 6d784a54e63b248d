"""A service that is about to end answers on, and asks whoever it answers to come to another one."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tiketi_platform.adapters.tokens.keys import LocalKeys
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.app import build_app
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.spec import ServiceSpec
from tiketi_sdk.contract.auth import Jwks


@pytest.fixture
def farewell() -> Farewell:
    return Farewell()


@pytest.fixture
async def url(farewell: Farewell) -> AsyncIterator[str]:
    keys = LocalKeys(Jwks(keys=()))
    app = build_app(
        ServiceSpec[None, None](name="auth", build=lambda _resources: None, routes=[]),
        None,
        verifier=TokenVerifier(access_key=keys.key, entry_key=keys.key, clock=SystemClock()),
        checks=[],
        farewell=farewell,
        sandbox=False,
        version="1.2.3",
        revision="abc",
    )
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_it_is_alive_and_answers_but_is_not_ready_and_keeps_no_connection(
    url: str, farewell: Farewell
):
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/health/ready") as before:
            assert before.status == 200
            assert before.headers.get("Connection") != "close"
        farewell.is_said = True
        async with http.get(f"{url}/health/ready") as ready:
            assert ready.status == 503
            assert (await ready.json())["code"] == "unavailable"
        async with http.get(f"{url}/health/live") as live:
            assert live.status == 200
            assert (await live.json())["revision"] == "abc"
            assert live.headers["Connection"] == "close"
        async with http.get(f"{url}/nothing-here") as unknown:
            assert unknown.status == 404
            assert unknown.headers["Connection"] == "close"
