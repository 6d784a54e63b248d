"""Measures verifying: what it costs against the floor, and how long it takes while a crowd logs in."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from tests.acceptance.stage import Stage
from tools.bench.wire import request

STORM_ROUNDS = 5
PROBES_COUNT = 400
PROBE_EVERY_S = 0.005
"""Open loop: a probe is sent when it is due, whether or not the one before was answered."""
STORM_CONNECTIONS = 32
PROBE_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Storm:
    """p99 of verify in ms, from the intended start, without and with a crowd that logs in."""

    idle_ms: float
    storm_ms: float
    ratio: float
    logins_per_s: float


def verify_requests(stage: Stage, count: int) -> list[bytes]:
    """One user's token, verified again and again."""
    token = stage.visitor().credentials.token
    return [request("GET", "/api/auth/verify", {"Authorization": f"Bearer {token}"})] * count


def verify_in_a_storm(stage: Stage) -> Storm:
    """Rounds of probes, idle and in a storm in turn."""
    password = "correct horse battery"  # noqa: S105  # of nobody, on a platform that disappears
    stage.client().auth.register(email="storm@example.com", password=password, name="김민지")
    body = f'{{"email":"storm@example.com","password":"{password}"}}'.encode()
    login = request("POST", "/api/auth/login", {}, body)
    probe = verify_requests(stage, 1)[0]
    port = stage.ports["auth"]
    idle, storm, rates = [], [], []
    asyncio.run(_probe(port, probe))
    for _ in range(STORM_ROUNDS):
        idle.append(asyncio.run(_probe(port, probe)))
        p99_ms, per_s = asyncio.run(_stormed(port, probe, login))
        storm.append(p99_ms)
        rates.append(per_s)
    ratios = [b / a for a, b in zip(idle, storm, strict=True)]
    return Storm(median(idle), median(storm), median(ratios), median(rates))


async def _stormed(port: int, probe: bytes, login: bytes) -> tuple[float, float]:
    counts = [0]
    crowd = [
        asyncio.create_task(_log_in_for_ever(port, login, counts)) for _ in range(STORM_CONNECTIONS)
    ]
    await asyncio.sleep(0.5)
    started, before = time.perf_counter(), counts[0]
    p99_ms = await _probe(port, probe)
    per_s = (counts[0] - before) / (time.perf_counter() - started)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    return p99_ms, per_s


async def _log_in_for_ever(port: int, login: bytes, counts: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            writer.write(login)
            await _answer(reader)
            counts[0] += 1
    finally:
        writer.close()


async def _probe(port: int, probe: bytes) -> float:
    """p99 in ms of probes sent on time, over connections that are free when it is."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(PROBE_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    taken_ms: list[float] = []

    async def one(due_s: float) -> None:
        reader, writer = await free.get()
        writer.write(probe)
        await _answer(reader)
        taken_ms.append((time.perf_counter() - due_s) * 1_000)
        free.put_nowait((reader, writer))

    started = time.perf_counter()
    asked = []
    for number in range(PROBES_COUNT):
        due_s = started + number * PROBE_EVERY_S
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        asked.append(asyncio.create_task(one(due_s)))
    await asyncio.gather(*asked)
    while not free.empty():
        free.get_nowait()[1].close()
    return _p99(taken_ms)


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().index(b"content-length:")
    await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))


def _p99(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[int(len(ordered) * 0.99)]
