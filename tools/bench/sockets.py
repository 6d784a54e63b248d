"""What sockets of the waiting room cost the queue service: arriving at once, being held, being told; it judges nothing.

Valkey and the queue service (with stand-ins for auth and the catalogue) in one process, raw websocket
clients in another, on loopback. Figures are CPU of the service's process, because the machine is shared.
In turn: a burst of connections whose tokens this process has never seen, which costs a signature each; all of them
once more after they were cut; as many others while those are held and told of the line; and a broadcast a second
to all of them while a client asks `/health/live` again and again.

    python tools/bench/sockets.py [--burst 5000] [--held 10000] [--broadcasts 10] [--json FILE]
"""

import argparse
import asyncio
import gc
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, Final

import uvloop

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

EVENT_ID: Final = 42
TOKEN_TTL_S: Final = 900


def _rss_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Crew:
    """The clients' process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def order(self, what: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n".encode())
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


async def _enter(room: Any, users: int) -> None:
    from tiketi_core.kernel.ids import EventId, UserId
    from tiketi_core.queue.model import PolicyChange

    now_ms = time.time_ns() // 1_000_000
    change = PolicyChange(capacity=0, grace_s=600)
    await room.set_policy(EventId(EVENT_ID), change, now_ms=now_ms)
    for start in range(1, users + 1, 500):
        batch = [UserId(user) for user in range(start, min(start + 500, users + 1))]
        await room.enter(EventId(EVENT_ID), batch, now_ms=now_ms)


async def measured(burst: int, held: int, broadcasts: int) -> dict[str, Any]:
    """The figures of one run."""
    from tests.engines import engine_folder
    from tests.integration.realtime.conftest import CATALOGUE
    from tests.services import serving, settings_for
    from tiketi_core.kernel.ids import EventId
    from tiketi_platform.adapters.redis import RedisClient, Scripts
    from tiketi_platform.adapters.redis.waiting_room import RedisRoom
    from tiketi_platform.runtime.engines.valkey import running_valkey
    from tiketi_platform.runtime.registry import spec_of
    from tools.bench.stand_in_auth import AUTH

    behind: list[Any] = []

    def build(resources: Any) -> Any:
        service = spec_of("queue").build(resources)
        behind.append(service.realtime)
        return service

    queue = replace(spec_of("queue"), build=build)
    with engine_folder() as folder, tempfile.TemporaryDirectory(prefix="tiketi-bench-") as path:
        async with running_valkey(folder, durable=False) as valkey:
            nowhere: Any = SimpleNamespace(
                passwords={}, server=SimpleNamespace(nearest_url=str), name="none"
            )
            settings = settings_for(nowhere, valkey, Path(path))
            async with (
                serving(settings, AUTH, CATALOGUE, queue) as served,
                await RedisClient.connect(valkey.url) as client,
            ):
                room = RedisRoom(client, Scripts(client))
                await _enter(room, held)
                tokens = [
                    served.token(sub=str(user), ttl_s=TOKEN_TTL_S) for user in range(1, held + 1)
                ]
                tokens_file = Path(path) / "tokens.json"
                tokens_file.write_text(json.dumps(tokens))
                port = settings.ports["queue"]
                del tokens
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, str(ROOT / "tools" / "bench" / "socket_clients.py")),
                    *(str(tokens_file), str(port), str(burst)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
                try:
                    crew = _Crew(process)
                    await crew.answer()

                    async def news() -> None:
                        # One more in line: it changes, so that there is something to tell.
                        await _one_more(room, EventId(EVENT_ID))

                    return await _measure(crew, behind[0], news, (burst, held, broadcasts))
                finally:
                    process.kill()
                    await process.wait()


async def _one_more(room: Any, event_id: Any) -> None:
    from tiketi_core.kernel.ids import UserId

    now_ms = time.time_ns() // 1_000_000
    await room.enter(event_id, [UserId(now_ms)], now_ms=now_ms)


async def _measure(
    crew: _Crew, realtime: Any, news: Any, counts: tuple[int, int, int]
) -> dict[str, Any]:
    from tiketi_platform.runtime.loop import spare_collector

    burst, held, broadcasts = counts
    spare_collector()  # as the service does when it starts
    empty_bytes = _rss_bytes()
    bursts = {
        "burst": await _burst(crew, "burst", burst),
        "again": await _again(crew, realtime, burst),
        "more": await _burst(crew, "rest", held - burst),
    }
    await asyncio.sleep(3)
    held_bytes = _rss_bytes()
    quiet_cpu_s = await _cpu_of_a_second()
    told = _Told(crew, realtime, news, held)
    await told.rounds(broadcasts)
    await crew.order("ask")
    await _Told(crew, realtime, news, held).rounds(broadcasts)
    asked = await crew.order("end")
    return {
        **{f"{kind}_{name}": each for kind, seen in bursts.items() for name, each in seen.items()},
        "held_connections": held - bursts["more"]["errors"],
        "held_lost": told.lost_count,
        "held_kib_each": round((held_bytes - empty_bytes) / held / 1024, 1),
        "quiet_cpu_ms_per_s": round(quiet_cpu_s * 1000, 1),
        "broadcast_cpu_ms": round(median(told.cpu_ms), 1),
        "broadcast_floor_cpu_ms": round(median(told.floor_ms), 1),
        "broadcast_last_ms": round(median(told.last_ms), 1),
        "broadcast_last_ms_worst": round(max(told.last_ms), 1),
        "broadcast_missed": told.missed_count,
        "http_p50_ms": asked["p50_ms"],
        "http_p99_ms": asked["p99_ms"],
    }


async def _burst(crew: _Crew, order: str, count: int) -> dict[str, Any]:
    cpu_s = time.process_time()
    answer = await crew.order(order)
    return {
        "connections": count,
        "errors": answer["lost"],
        "all_joined_s": round(answer["seconds"], 2),
        "cpu_ms_each": round((time.process_time() - cpu_s) / max(1, count) * 1000, 3),
    }


async def _again(crew: _Crew, realtime: Any, count: int) -> dict[str, Any]:
    from tests.waiting import eventually

    await crew.order("leave")
    await eventually(lambda: not realtime.server.peers)
    return await _burst(crew, "again", count)


class _Told:
    """Broadcasts, each followed by its floor: bare writes of as many bytes to the same sockets."""

    def __init__(self, crew: _Crew, realtime: Any, news: Any, held: int) -> None:
        self._crew = crew
        self._server = realtime.server
        self._tell = realtime.server.broadcast
        self._news = news
        self._held = held
        self._written = asyncio.Event()
        self._started_s = 0.0
        self._bytes_count = 0
        self.cpu_ms: list[float] = []
        self.floor_ms: list[float] = []
        self.last_ms: list[float] = []
        self.missed_count = 0
        self.lost_count = 0

    async def rounds(self, count: int) -> None:
        """So many broadcasts, as the service makes them: when the line has changed."""
        self._server.broadcast = self._timed
        await self._crew.order("told")
        for _ in range(count):
            self._written.clear()
            await self._news()
            await self._written.wait()
            await asyncio.sleep(0.5)
            told = await self._crew.order("told")
            self.missed_count += self._held - told["told"]
            self.lost_count = told["lost"]
            self.last_ms.append((told["last_s"] - self._started_s) * 1000)
            await self._floor()
        self._server.broadcast = self._tell

    async def _timed(self, peers: Any, frame: Any) -> None:
        # From the first write until the loop has flushed the last.
        self._bytes_count = len(frame.wire)
        self._started_s, cpu_s = time.monotonic(), time.thread_time()
        await self._tell(peers, frame)
        await asyncio.sleep(0)
        self.cpu_ms.append((time.thread_time() - cpu_s) * 1000)
        self._written.set()

    async def _floor(self) -> None:
        body = b"6" + b" " * (self._bytes_count - 5)
        wire = bytes((0x81, 126)) + len(body).to_bytes(2, "big") + body
        transports = [peer.socket.transport for peer in self._server.peers]
        cpu_s = time.thread_time()
        for number, transport in enumerate(transports, start=1):
            if not transport.is_closing():
                transport.write(wire)
            if number % self._server.limits.broadcast_chunk_count == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.floor_ms.append((time.thread_time() - cpu_s) * 1000)


async def _cpu_of_a_second() -> float:
    started_s = time.process_time()
    await asyncio.sleep(5)
    return (time.process_time() - started_s) / 5


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--burst", type=int, default=5_000)
    parser.add_argument("--held", type=int, default=10_000)
    parser.add_argument("--broadcasts", type=int, default=10)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    figures = uvloop.run(measured(chosen.burst, chosen.held, chosen.broadcasts))
    for name, value in figures.items():
        print(f"{name:26} {value}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
