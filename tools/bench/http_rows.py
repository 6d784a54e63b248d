"""Measures a platform of six processes over HTTP, each row in turn with its floor; judges nothing.

What is counted is CPU time per operation: of the service's process, of PostgreSQL and of Valkey. The client
is this process and is not counted.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import argon2

from tests.acceptance.stage import Stage, running
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE
from tiketi_platform.runtime.engines.ports import free_port
from tiketi_platform.runtime.readiness import is_ready
from tools.bench.auth_rows import verify_requests
from tools.bench.wire import cpu_s, request, send_all

ROUNDS = 9
REQUESTS_COUNT = 600
LOGINS_COUNT = 15
TOKEN_TTL_S = 900
BARE = Path(__file__).with_name("bare.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds per operation."""

    ours_ms: float
    postgres_ms: float
    valkey_ms: float
    floor_ms: float
    ratio: float
    """The median of the rounds' own ratios: whatever slows a minute down slows both of its sides."""
    per_s: float
    """As this one client saw it."""


def measure() -> dict[str, Cost]:
    """All rows over HTTP, by name."""
    with running(mode="processes") as stage:
        room = stage.concert(capacity=100).id
        # The shortest there is: who waits is told to ask again in two fifths of it. Nobody is reached.
        stage.admin.queue.set_policy(room, grace_s=5)
        for _ in range(19):
            stage.concert()
        tokens = signed_tokens(stage, ROUNDS * REQUESTS_COUNT)
        newcomers = signed_tokens(stage, ROUNDS * REQUESTS_COUNT, first=1_000_000)
        return {
            "enter": _enter(stage, room, tokens),
            "enter, a token's first use (floor: a signature too)": _enter_first(
                stage, room, newcomers
            ),
            "status": _status(stage, room, tokens),
            "events list": _against_bare(
                stage,
                "event",
                lambda _: [request("GET", "/api/events?limit=20", {})] * REQUESTS_COUNT,
            ),
            "login": _login(stage),
            "verify": _against_bare(
                stage, "auth", lambda _: verify_requests(stage, REQUESTS_COUNT)
            ),
        }


def signed_tokens(stage: Stage, count: int, *, first: int = 10_000) -> list[str]:
    """Access tokens of so many users that no process has seen yet."""
    signer = Signer.from_file(stage.folder.signing_key("auth"))
    now_s = int(time.time())
    return [
        signer.sign(
            {"sub": str(first + number), "role": "user"},
            audience=ACCESS_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + TOKEN_TTL_S,
        )
        for number in range(count)
    ]


def _enter(stage: Stage, room: int, tokens: list[str]) -> Cost:
    def requests(number: int) -> list[bytes]:
        mine = tokens[number * REQUESTS_COUNT : (number + 1) * REQUESTS_COUNT]
        # Each token is verified once in its life; what that costs is the next row.
        asyncio.run(send_all(stage.ports["queue"], asking(room, mine)))
        return entering(room, mine)

    return _against_bare(stage, "queue", requests)


def _enter_first(stage: Stage, room: int, tokens: list[str]) -> Cost:
    """Entering with a token that this process has not seen: its floor checks one signature a request."""

    def requests(number: int) -> list[bytes]:
        return entering(room, tokens[number * REQUESTS_COUNT : (number + 1) * REQUESTS_COUNT])

    return _against_bare(stage, "queue", requests, checks_signatures=True)


def _status(stage: Stage, room: int, tokens: list[str]) -> Cost:
    def requests(number: int) -> list[bytes]:
        return asking(room, tokens[number * REQUESTS_COUNT : (number + 1) * REQUESTS_COUNT])

    return _against_bare(stage, "queue", requests)


def entering(room: int, tokens: list[str]) -> list[bytes]:
    """The request of each to enter."""
    body = f'{{"event_id":{room}}}'.encode()
    return [request("POST", "/api/queue/enter", _bearer(token), body) for token in tokens]


def asking(room: int, tokens: list[str]) -> list[bytes]:
    """The request of each for its place."""
    return [
        request("GET", f"/api/queue/status?event_id={room}", _bearer(token)) for token in tokens
    ]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _against_bare(
    stage: Stage,
    service: str,
    requests: Callable[[int], list[bytes]],
    *,
    checks_signatures: bool = False,
) -> Cost:
    """Rounds of the operation and of the floor with as many bytes, in turn."""
    ours: list[tuple[float, float, float]] = []
    floor: list[float] = []
    rates: list[float] = []
    record = stage.record
    pids = [record.processes[name].pid for name in (service, "postgres", "valkey")]
    with ExitStack() as stack:
        bare: _Bare | None = None
        for number in range(ROUNDS):
            made = requests(number)
            before = [cpu_s(pid, with_children=True) for pid in pids]
            seen = asyncio.run(send_all(stage.ports[service], made))
            after = [cpu_s(pid, with_children=True) for pid in pids]
            assert set(seen.statuses) == {200}, seen.statuses
            one, two, three = (
                (b - a) * 1_000 / seen.count for a, b in zip(before, after, strict=True)
            )
            ours.append((one, two, three))
            rates.append(seen.count / seen.elapsed_s)
            if bare is None:
                bare = stack.enter_context(_bare(seen.body_bytes, checks=checks_signatures))
                bare.floor_ms(made)
            floor.append(bare.floor_ms(made))
    return Cost(
        ours_ms=median(cost[0] for cost in ours),
        postgres_ms=median(cost[1] for cost in ours),
        valkey_ms=median(cost[2] for cost in ours),
        floor_ms=median(floor),
        ratio=median(cost[0] / bare_ms for cost, bare_ms in zip(ours, floor, strict=True)),
        per_s=median(rates),
    )


@dataclass(frozen=True, slots=True)
class _Bare:
    """The bare server, running."""

    port: int
    pid: int

    def floor_ms(self, requests: list[bytes]) -> float:
        """The same requests, headers and bodies and all, to an address that does nothing."""
        made = [_to_bare(each) for each in requests]
        before = cpu_s(self.pid)
        seen = asyncio.run(send_all(self.port, made))
        return (cpu_s(self.pid) - before) * 1_000 / seen.count


def _to_bare(request: bytes) -> bytes:
    method, path, rest = request.split(b" ", 2)
    return b" ".join([method, b"/hello" + b"?" * (b"?" in path) + path.partition(b"?")[2], rest])


@contextmanager
def _bare(size_bytes: int, *, checks: bool) -> Iterator[_Bare]:
    port = free_port()
    command = [sys.executable, str(BARE), str(port), str(size_bytes), str(int(checks))]
    process = subprocess.Popen(command)
    try:
        while not is_ready(f"http://127.0.0.1:{port}/hello"):
            assert process.poll() is None, "the bare server ended"
            time.sleep(0.02)
        yield _Bare(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _login(stage: Stage) -> Cost:
    client, password = stage.client(), "correct horse battery"
    client.auth.register(email="bench@example.com", password=password, name="김민지")
    hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    hashed = hasher.hash(password)
    body = f'{{"email":"bench@example.com","password":"{password}"}}'.encode()
    made = [request("POST", "/api/auth/login", {}, body)] * LOGINS_COUNT
    pids = [stage.record.processes[name].pid for name in ("auth", "postgres", "valkey")]
    ours: list[list[float]] = []
    floor: list[float] = []
    rates: list[float] = []
    for _ in range(ROUNDS):
        before = [cpu_s(pid, with_children=True) for pid in pids]
        seen = asyncio.run(send_all(stage.ports["auth"], made))
        after = [cpu_s(pid, with_children=True) for pid in pids]
        assert set(seen.statuses) == {200}, seen.statuses
        ours.append([(b - a) * 1_000 / seen.count for a, b in zip(before, after, strict=True)])
        rates.append(seen.count / seen.elapsed_s)
        started = time.process_time()
        for _ in range(LOGINS_COUNT):
            hasher.verify(hashed, password)
        floor.append((time.process_time() - started) * 1_000 / LOGINS_COUNT)
    one, two, three = (median(cost[part] for cost in ours) for part in range(3))
    ratio = median(cost[0] / bare for cost, bare in zip(ours, floor, strict=True))
    return Cost(one, two, three, median(floor), ratio, median(rates))


def as_json(costs: dict[str, Cost]) -> dict[str, dict[str, Any]]:
    """Plain values."""
    return {
        name: {part: round(getattr(cost, part), 4) for part in Cost.__slots__}
        for name, cost in costs.items()
    }
