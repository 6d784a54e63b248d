"""Waiting for one's turn: through refusals and outages, and no longer than told."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.unit.sdk.test_client import place
from tiketi_sdk import AsyncTiketi, Config, Tiketi, errors
from tiketi_sdk._sync.session import Surroundings
from tiketi_sdk._sync.transport import HttpxTransport
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.config import service_urls
from tiketi_sdk.contract.queue import Place
from tiketi_sdk.retries import OUTAGE_S_MAX, Outage
from tiketi_sdk.session import AsyncSurroundings

STATUS = "GET /api/queue/status"


async def test_an_outage_is_waited_out(platform, make_client, time):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting"))
    for _ in range(6):
        platform.refuses(STATUS, 503, "queue_unavailable")
    platform.answers(STATUS, place("admitted", position=0, entry_token="e"))
    assert (await client.queue.wait_until_admitted(1)).state == "admitted"
    assert len(platform.calls("/api/queue/status")) == 7
    assert max(time.slept_s) <= 15


async def test_an_outage_without_an_end_is_told(platform, make_client, time):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting"))
    platform.refuses(STATUS, 503, "queue_unavailable")
    with pytest.raises(errors.QueueUnavailableError):
        await client.queue.wait_until_admitted(1)
    assert time.elapsed_s > OUTAGE_S_MAX


async def test_a_deadline_holds_in_an_outage(platform, make_client, time):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting"))
    platform.refuses(STATUS, 503, "queue_unavailable")
    with pytest.raises(errors.WaitTimeoutError):
        await client.queue.wait_until_admitted(1, timeout_s=30)
    assert time.elapsed_s == pytest.approx(30)


async def test_nobody_asks_in_vain_just_before_the_deadline(platform, make_client, time):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting", next_poll_ms=30_000))
    with pytest.raises(errors.WaitTimeoutError):
        await client.queue.wait_until_admitted(1, timeout_s=10)
    assert platform.calls("/api/queue/status") == []
    assert time.elapsed_s == pytest.approx(10)


async def test_a_refusal_for_being_early_tells_no_place_twice(platform, make_client, time):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting", position=3))
    platform.refuses(STATUS, 429, "too_early", retry_after="1")
    platform.answers(STATUS, place("admitted", position=0, entry_token="e"))
    heard: list[Place] = []
    await client.queue.wait_until_admitted(1, on_place=heard.append)
    assert [each.position for each in heard] == [3, 0]


async def test_a_lost_place_is_told_at_once(platform, make_client):
    client = make_client(token="t")
    platform.answers("POST /api/queue/enter", place("waiting"))
    platform.refuses(STATUS, 404, "not_in_queue")
    with pytest.raises(errors.NotInQueueError):
        await client.queue.wait_until_admitted(1)
    assert len(platform.calls("/api/queue/status")) == 1


def test_pauses_grow_and_begin_anew_after_an_answer():
    outage, error = Outage(), errors.ConnectError("x")
    pauses = [outage.wait_s(error, now_s=0, chance=1) for _ in range(5)]
    assert pauses == [2, 4, 8, 15, 15]
    outage.over()
    assert outage.wait_s(error, now_s=1_000, chance=0) == 1


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidAnswerError("another program listens there"),
        errors.NotInQueueError("x", status=404, code="not_in_queue"),
        errors.AuthenticationError("x", status=401, code="unauthenticated"),
    ],
)
def test_what_will_not_pass_is_no_outage(error):
    assert Outage().wait_s(error, now_s=0, chance=0.5) is None


def blinking(platform):
    """A platform that answers, is away for a while, and answers again."""
    platform.answers("POST /api/queue/enter", place("waiting"))
    for _ in range(20):
        platform.refuses(STATUS, 503, "queue_unavailable")
    platform.answers(STATUS, place("admitted", position=0, entry_token="e"))
    return Config(urls=service_urls(platform.url))


async def test_a_watch_outlives_an_outage(platform, time):
    near = AsyncSurroundings(
        sleep=time.sleep_async, chance=lambda: 0.5, now=time.now, monotonic_s=lambda: time.elapsed_s
    )
    config = blinking(platform)
    async with AsyncTiketi(config=config, token="t", surroundings=near) as client:
        kinds = [update.kind async for update in client.watch(1, live=False)]
    assert kinds == ["admitted"]


async def test_a_watch_of_a_platform_that_never_answered_ends(platform, time):
    platform.refuses("POST /api/queue/enter", 503, "queue_unavailable")
    platform.refuses("GET /api/queue/1/stats", 503, "queue_unavailable")
    near = AsyncSurroundings(sleep=time.sleep_async, chance=lambda: 0.5)
    config = Config(urls=service_urls(platform.url))
    async with AsyncTiketi(config=config, token="t", surroundings=near) as client:
        for own in (True, False):
            with pytest.raises(errors.QueueUnavailableError):
                await anext(client.watch(1, own=own, live=False))


class Counting:
    """A transport somebody brought along."""

    def __init__(self, config: Config) -> None:
        self._http = HttpxTransport(config)
        self.sent_count = 0

    def send(
        self, base_url: str, request: PreparedRequest, *, timeout_s: float | None = None
    ) -> Answer:
        self.sent_count += 1
        return self._http.send(base_url, request, timeout_s=timeout_s)

    def close(self) -> None:
        self._http.close()


async def test_a_watch_without_a_loop_uses_what_the_client_was_lent(platform, time):
    config = blinking(platform)
    transport = Counting(config)
    near = Surroundings(
        sleep=time.sleep, chance=lambda: 0.5, now=time.now, monotonic_s=lambda: time.elapsed_s
    )

    def script() -> list[str]:
        client = Tiketi(config=config, token="t", transport=transport, surroundings=near)
        with client.watch(1, live=False) as updates:
            kinds: list[str] = [update.kind for update in updates]
        transport.close()
        return kinds

    assert await asyncio.to_thread(script) == ["admitted"]
    assert transport.sent_count == len(platform.seen) > 20
    assert time.elapsed_s > 20


@pytest.mark.parametrize("is_begun", [True, False])
async def test_a_watch_ends_well_wherever_ctrl_c_hits_it(platform, monkeypatch, is_begun):
    """Between the runner's own steps it is heeded by nobody: the next update is asked for, perhaps begun, and left."""

    begun: list[asyncio.Task[Any]] = []

    def interrupted(self: asyncio.Runner, asked: Coroutine[Any, Any, Any]) -> None:
        if is_begun:
            begun.append(self.get_loop().create_task(asked))
        raise KeyboardInterrupt

    def script() -> None:
        with (
            Tiketi(config=Config(urls=service_urls(platform.url)), token="t") as client,
            client.watch(1, live=False) as updates,
            monkeypatch.context() as patched,
        ):
            # No signal can be sent to that very point.
            patched.setattr(asyncio.Runner, "run", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(updates)

    await asyncio.to_thread(script)
    assert platform.seen == []
