"""A process that may open few files: it turns people away instead of losing its listener."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from tests.services import settings_for
from tests.waiting import until
from tiketi_platform.runtime.wiring import ACCEPTS_PER_TURN

FILES_COUNT = 512
GUESTS_MAX = 256
COMERS_COUNT = 500
ASK = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
LIMITED = (
    "import resource, runpy, sys;"
    f"resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES_COUNT}, {FILES_COUNT}));"
    "sys.argv[1:] = ['--services', 'queue'];"
    "runpy.run_module('tiketi_platform', run_name='__main__')"
)


@asynccontextmanager
async def limited_queue(settings) -> AsyncIterator[str]:
    """A queue process that may open so few files; its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LIMITED),
        env={**os.environ, **settings.to_environ()},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield settings.peer_url("queue")
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
def enough_files() -> Iterator[None]:
    """For this process, which plays all the clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2_000 if hard == resource.RLIM_INFINITY else min(2_000, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def come(port: int) -> tuple[asyncio.StreamWriter, bytes]:
    """A connection that stays, and the answer to its first request; empty when it was cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(ASK)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return writer, head + await reader.readexactly(size)
    except (OSError, asyncio.IncompleteReadError):
        return writer, b""


async def test_more_connections_than_files_are_refused_and_the_listener_lives(
    postgres, valkey, tmp_path, enough_files
):
    settings = settings_for(postgres, valkey, tmp_path)
    port = settings.ports["queue"]
    async with limited_queue(settings) as url, aiohttp.ClientSession() as http:

        async def metric(name: str) -> float:
            async with http.get(f"{url}/metrics") as answer:
                lines = (await answer.text()).splitlines()
            return float(next(line.split()[1] for line in lines if line.startswith(name)))

        async def ready() -> bool:
            try:
                async with http.get(f"{url}/health/ready") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        async def refusal() -> dict[str, object] | None:
            # One by one: of a crowd all may be cut before they have read why.
            writer, answer = await come(port)
            writer.transport.abort()
            if not answer.startswith(b"HTTP/1.1 503"):
                return None
            assert b"\r\nRetry-After: " in answer
            problem: dict[str, object] = orjson.loads(answer.partition(b"\r\n\r\n")[2])
            return problem

        await until(ready, timeout_s=60)
        async with asyncio.timeout(60):
            came = await asyncio.gather(*(come(port) for _ in range(COMERS_COUNT)))
        try:
            await judge([answer for _, answer in came], metric)
            problem = await until(refusal, timeout_s=60)
            assert (problem["code"], problem["status"]) == ("unavailable", 503)
        finally:
            for writer, _ in came:
                writer.transport.abort()

        async def all_gone() -> bool:
            return await metric("tiketi_connections{") == 1

        await until(all_gone, timeout_s=30)
        writer, answer = await come(port)
        assert answer.startswith(b"HTTP/1.1 200")
        writer.transport.abort()


async def judge(answers, metric) -> None:
    """As many as may were let in, and the others counted as refused."""
    let_in = [answer for answer in answers if answer.startswith(b"HTTP/1.1 200")]
    # One more is this test's own, kept open by its session; those of a few turns of the loop may be too many.
    guests_count = len(let_in) + 1
    assert GUESTS_MAX <= guests_count < GUESTS_MAX + 4 * ACCEPTS_PER_TURN
    assert await metric("tiketi_connections{") == guests_count
    assert await metric("tiketi_connections_refused_total{") == COMERS_COUNT - len(let_in)
