"""A platform of one aiohttp server whose answers a test writes down, and clients of both kinds for it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiohttp import web

from tiketi_sdk import AsyncTiketi, Config, Listing, Tiketi
from tiketi_sdk._sync.session import Surroundings
from tiketi_sdk.config import service_urls
from tiketi_sdk.session import AsyncSurroundings

NOW = datetime(2026, 5, 1, 11, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    json: Any


@dataclass(slots=True)
class Platform:
    """Answers what it is told to, in turn; the last answer stays."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    expired_tokens: set[str] = field(default_factory=set)
    """Whoever presents one is told so, in whatever order requests come."""
    _answers: dict[str, list[web.Response | str]] = field(default_factory=dict)

    def answers(self, route: str, *bodies: object, status: int = 200, **headers: str) -> None:
        """`route` is `METHOD /path`; a body is what JSON is made of."""
        self._answers.setdefault(route, []).extend(
            json.dumps({"status": status, "headers": headers, "body": body}) for body in bodies
        )

    def refuses(self, route: str, status: int, code: str, *, retry_after: str = "", **more: object):
        body = {"title": "t", "status": status, "code": code, "detail": "d", "request_id": "r-1"}
        headers = {"Retry-After": retry_after} if retry_after else {}
        self.answers(route, {**body, **more}, status=status, **headers)

    def calls(self, path: str) -> list[Seen]:
        return [each for each in self.seen if each.path == path]

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        self.seen.append(
            Seen(
                request.method,
                request.path,
                dict(request.query),
                {name.lower(): value for name, value in request.headers.items()},
                json.loads(text) if text else None,
            )
        )
        if request.headers.get("Authorization", "").removeprefix("Bearer ") in self.expired_tokens:
            body = {"title": "t", "status": 401, "code": "token_expired", "detail": "d"}
            return web.json_response(body, status=401)
        script = self._answers[f"{request.method} {request.path}"]
        told = json.loads(cast("str", script.pop(0) if len(script) > 1 else script[0]))
        return web.Response(
            status=told["status"],
            headers=told["headers"],
            body=json.dumps(told["body"], ensure_ascii=False).encode(),
            content_type="application/json",
        )


@dataclass(slots=True)
class Time:
    """A clock that sleeping moves."""

    slept_s: list[float] = field(default_factory=list)
    chance: float = 0.5
    elapsed_s: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.elapsed_s += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed_s)


class Awaited:
    """The synchronous twin spelled as the asynchronous client, each call in a thread of its own."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        return _awaited(getattr(self._target, name))

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in await asyncio.to_thread(list, self._target):
            yield item


def _awaited(value: Any) -> Any:
    if isinstance(value, Listing) or type(value).__module__.startswith("tiketi_sdk._sync."):
        return Awaited(value)
    if not inspect.ismethod(value):
        return value

    @functools.wraps(value)
    def called(*args: Any, **kwargs: Any) -> Any:
        plain = {"list", "log", "histories", "seats", "wallets", "as_user", "with_options"}
        if value.__name__ in plain:
            return _awaited(value(*args, **kwargs))
        if value.__name__ == "pages":
            return Awaited(value(*args, **kwargs))
        return asyncio.to_thread(value, *args, **kwargs)

    return called


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    stub = Platform()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stub.url = f"http://{host}:{port}"
    yield stub
    await runner.cleanup()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=["async", "sync"])
async def make_client(
    request: pytest.FixtureRequest, platform: Platform, time: Time
) -> AsyncIterator[Callable[..., AsyncTiketi]]:
    """`make_client(token=…, config=…)`: an AsyncTiketi, or its twin behind the same spelling."""
    opened: list[Any] = []

    def make(*, config: Config | None = None, **options: Any) -> AsyncTiketi:
        config = replace(config or Config(), urls=service_urls(platform.url))
        client: Any
        if request.param == "async":
            client = AsyncTiketi(
                config=config,
                surroundings=AsyncSurroundings(
                    sleep=time.sleep_async,
                    chance=lambda: time.chance,
                    now=time.now,
                    monotonic_s=lambda: time.elapsed_s,
                ),
                **options,
            )
        else:
            twin = Tiketi(
                config=config,
                surroundings=Surroundings(
                    sleep=time.sleep,
                    chance=lambda: time.chance,
                    now=time.now,
                    monotonic_s=lambda: time.elapsed_s,
                ),
                **options,
            )
            client = Awaited(twin)
        opened.append(client)
        return cast("AsyncTiketi", client)

    yield make
    for client in opened:
        await client.close()


@pytest.fixture(autouse=True)
def own_config_folder(tmp_path, monkeypatch):
    """No test reads the developer's own profiles: the environment is where the SDK looks for them."""
    for name in ("TIKETI_URL", "TIKETI_TOKEN", "TIKETI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TIKETI_CONFIG_DIR", str(tmp_path / "config"))
