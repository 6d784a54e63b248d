"""The short way to an operation and aiohttp's own lead to the same answers, whatever is asked for."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tiketi_platform.adapters.tokens.keys import LocalKeys
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.app import build_app
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.routing import bind
from tiketi_platform.framework.shortcuts import SHORTCUTS, take_shortcuts
from tiketi_platform.framework.spec import ServiceSpec
from tiketi_sdk.contract.auth import Jwks
from tiketi_sdk.contract.operation import Operation, Request, Wire


class Asked(Request):
    word: str = "none"


class Of(Request):
    thing_id: int


class Said(Wire):
    by: str
    word: str


SAY = Operation(
    name="things.say",
    method="POST",
    path="/things/say",
    request=Asked,
    response=Said,
    access="public",
)
LIST = Operation(
    name="things.list", method="GET", path="/things", request=Asked, response=Said, access="public"
)
FIND = Operation(
    name="things.find",
    method="GET",
    path="/things/{thing_id}",
    request=Of,
    response=Said,
    access="public",
)


async def say(_service: None, call: Call[Asked]) -> Said:
    return Said(by="say", word=call.body.word)


async def find_all(_service: None, call: Call[Asked]) -> Said:
    return Said(by="list", word=call.body.word)


async def find(_service: None, call: Call[Of]) -> Said:
    return Said(by="find", word=str(call.body.thing_id))


def build() -> web.Application:
    keys = LocalKeys(Jwks(keys=()))
    return build_app(
        ServiceSpec[None, None](
            name="auth",
            build=lambda _resources: None,
            routes=[bind(SAY, say), bind(LIST, find_all), bind(FIND, find)],
        ),
        None,
        verifier=TokenVerifier(access_key=keys.key, entry_key=keys.key, clock=SystemClock()),
        checks=[],
        farewell=Farewell(),
        sandbox=False,
        version="1.2.3",
        revision="abc",
    )


@pytest.fixture(params=[True, False], ids=["short", "routed"])
async def url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    app = build()
    runner = web.AppRunner(app)
    await runner.setup()
    if request.param:
        assert runner.server is not None
        take_shortcuts(runner.server, app[SHORTCUTS])
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "said"),
    [
        ("POST", "/things/say", {}, 200, {"by": "say", "word": "안녕"}),
        ("POST", "/things/say", {"Expect": "100-continue"}, 200, {"by": "say", "word": "안녕"}),
        ("POST", "/things/s%61y", {}, 200, {"by": "say", "word": "안녕"}),
        ("GET", "/things", {}, 200, {"by": "list", "word": "none"}),
        ("GET", "/things?word=%EC%95%88", {}, 200, {"by": "list", "word": "안"}),
        ("GET", "/things/7", {}, 200, {"by": "find", "word": "7"}),
        ("DELETE", "/things", {}, 405, None),
        ("HEAD", "/things", {}, 405, None),
        ("POST", "/things/say/", {}, 404, None),
        ("GET", "/nothing", {}, 404, None),
    ],
)
async def test_both_ways_give_the_same_answer(
    url: str,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    said: dict[str, str] | None,
):
    json = {"word": "안녕"} if method == "POST" else None
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            method, URL(f"{url}{path}", encoded=True), json=json, headers=headers
        ) as answer,
    ):
        assert answer.status == status
        assert answer.headers["X-Request-Id"]
        if said is not None:
            assert await answer.json() == said


def test_only_addresses_without_variable_parts_are_short():
    short = build()[SHORTCUTS]
    assert set(short) == {("POST", "/things/say"), ("GET", "/things")}
