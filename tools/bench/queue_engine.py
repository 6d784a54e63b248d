"""What the waiting room costs Valkey: µs per script and bytes per waiting user as the line grows.

Time is the CPU of Valkey's main thread, its socket included, the median of bursts; each burst of an
operation is preceded by one of a script that returns at once, with the same keys: `_floors` is the ratio.

    python tools/bench/queue_engine.py [--sizes 100,10000,1000000] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from tiketi_core.kernel.ids import EventId, UserId  # noqa: E402
from tiketi_core.queue.model import Policy, PolicyChange, RoomState  # noqa: E402
from tiketi_platform.adapters.redis import RedisClient, Scripts, keys  # noqa: E402
from tiketi_platform.adapters.redis.waiting_room import RedisRoom  # noqa: E402
from tiketi_platform.runtime.data_folder import DataFolder  # noqa: E402
from tiketi_platform.runtime.engines.valkey import running_valkey  # noqa: E402

EVENT: Final = EventId(42)
SIZES: Final = (100, 10_000, 1_000_000)
OPERATIONS_COUNT: Final = 5_000
CALLERS_COUNT: Final = 50
ROUNDS_COUNT: Final = 5
TOGETHER_COUNT: Final = 4_000
GATHERED_COUNT: Final = 100_000
START_MS: Final = 1_800_000_000_000
Row = dict[str, Any]


class Meter:
    """CPU of Valkey's main thread between two calls; others on the machine do not count in."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self._start_us = 0.0

    async def reset(self) -> None:
        self._start_us = await self._cpu_us()

    async def us(self) -> float:
        return await self._cpu_us() - self._start_us

    async def _cpu_us(self) -> float:
        reply = await self._client.execute("INFO", "cpu")
        assert isinstance(reply, bytes)
        fields = dict(row.split(":") for row in reply.decode().splitlines() if ":" in row)
        names = ("used_cpu_user_main_thread", "used_cpu_sys_main_thread")
        return sum(float(fields[name]) for name in names) * 1e6


async def used_bytes(client: RedisClient) -> int:
    """Memory of the data set and of Valkey's own bookkeeping."""
    reply = await client.execute("INFO", "memory")
    assert isinstance(reply, bytes)
    line = next(row for row in reply.decode().splitlines() if row.startswith("used_memory:"))
    return int(line.partition(":")[2])


async def fill(room: RedisRoom, *, start: int, stop: int, now_ms: int) -> None:
    """Let users enter one by one, as they do in life, many calls under way at once."""
    for first in range(start, stop, TOGETHER_COUNT):
        last = min(first + TOGETHER_COUNT, stop)
        await asyncio.gather(
            *(
                room.enter(EVENT, [UserId(1_000_000 + n)], now_ms=now_ms + n // 100)
                for n in range(first, last)
            )
        )


async def measure(client: RedisClient, size: int) -> Row:
    """One row: a line of `size`, each operation `OPERATIONS_COUNT` times."""
    await client.execute("FLUSHALL", "SYNC")
    # A hundred people enter again more often here than they may: refusing them would be measured.
    room = RedisRoom(
        client, Scripts(client), default=Policy(capacity=0), enters_max=OPERATIONS_COUNT
    )
    meter = Meter(client)
    await room.admit(EVENT, now_ms=START_MS)
    before = await used_bytes(client)
    await fill(room, start=0, stop=size, now_ms=START_MS)
    row: Row = {"waiting": size, "bytes_per_waiting": (await used_bytes(client) - before) // size}
    row["log_bytes_per_waiting"] = await _log_bytes(client) // size
    now_ms = START_MS + size // 100 + 1_000
    somebody = random.Random(1)  # noqa: S311  # picks whom to ask, guards nothing

    sha1 = await client.execute("SCRIPT", "LOAD", "return 1")
    assert isinstance(sha1, bytes)
    room_keys = keys.room(EVENT).all

    async def burst(work: Any, first: int) -> float:
        await meter.reset()
        await asyncio.gather(*(work(n) for n in range(first, first + CALLERS_COUNT)))
        return await meter.us() / CALLERS_COUNT

    async def timed(name: str, work: Any) -> None:
        figures, floors = [], []
        for first in range(0, OPERATIONS_COUNT, CALLERS_COUNT):
            floors.append(await burst(floor, first))
            figures.append(await burst(work, first))
        row[f"{name}_us"] = round(median(figures), 1)
        row[f"{name}_floors"] = round(median(figures) / median(floors), 1)

    async def floor(_: int) -> None:
        await client.execute("EVALSHA", sha1, len(room_keys), *room_keys, now_ms, 17)

    def anybody() -> UserId:
        return UserId(1_000_000 + somebody.randrange(size))

    await timed("status", lambda _: room.status(EVENT, anybody(), now_ms=now_ms, polls=False))
    await timed("again", lambda _: room.enter(EVENT, [anybody()], now_ms=now_ms))
    await timed("enter", lambda n: room.enter(EVENT, [UserId(9_000_000 + n)], now_ms=now_ms))
    await timed("leave", lambda n: room.leave(EVENT, UserId(9_000_000 + n), now_ms=now_ms))
    await timed("idle_admit", lambda _: room.admit(EVENT, now_ms=now_ms))
    if size >= 1_000:
        await _admissions(room, meter, row, now_ms=now_ms)
    return row


async def _admissions(room: RedisRoom, meter: Meter, row: Row, *, now_ms: int) -> None:
    everybody = PolicyChange(
        capacity=1_000_000, admit_per_second=100_000, grace_s=3_600, state=RoomState.PAUSED
    )
    await room.set_policy(EVENT, everybody, now_ms=now_ms)
    opened = PolicyChange(state=RoomState.OPEN)
    # The change itself admits a first batch; the rounds after it are what a pump pays.
    await room.set_policy(EVENT, opened, now_ms=now_ms + 1_000)
    await meter.reset()
    for n in range(ROUNDS_COUNT):
        assert (await room.admit(EVENT, now_ms=now_ms + 1_000 + n)).admitted_count == 1_000
    row["admit_1000_ms"] = round(await meter.us() / ROUNDS_COUNT / 1_000, 2)
    over_ms = now_ms + 400_000
    await room.set_policy(EVENT, PolicyChange(state=RoomState.CLOSED), now_ms=now_ms + 2_000)
    await meter.reset()
    for _ in range(ROUNDS_COUNT):
        assert (await room.admit(EVENT, now_ms=over_ms)).reaped_count == 1_000
    row["reap_1000_ms"] = round(await meter.us() / ROUNDS_COUNT / 1_000, 2)


async def draw(client: RedisClient) -> Row:
    """What a draw costs: all of it, and the longest time that another command had to wait for Valkey."""
    await client.execute("FLUSHALL", "SYNC")
    room, meter = RedisRoom(client, Scripts(client), default=Policy(capacity=0)), Meter(client)
    opens_at_ms = START_MS + 60_000
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=opens_at_ms), now_ms=START_MS)
    await fill(room, start=0, stop=GATHERED_COUNT, now_ms=START_MS)
    waits_s: list[float] = []

    async def ping() -> None:
        while True:
            started_s = time.perf_counter()
            await client.execute("PING")
            waits_s.append(time.perf_counter() - started_s)
            await asyncio.sleep(0.001)

    pinging = asyncio.create_task(ping())
    await meter.reset()
    started_s = time.perf_counter()
    assert await room.draw(EVENT, now_ms=opens_at_ms)
    row: Row = {"gathered": GATHERED_COUNT, "draw_s": round(time.perf_counter() - started_s, 2)}
    row["draw_valkey_ms"] = round(await meter.us() / 1_000, 1)
    pinging.cancel()
    row["draw_longest_wait_ms"] = round(max(waits_s) * 1_000, 1)
    return row


async def _log_bytes(client: RedisClient) -> int:
    reply = await client.execute("MEMORY", "USAGE", f"queue:{{{EVENT}}}:log")
    assert isinstance(reply, int)
    return reply


async def run(sizes: tuple[int, ...]) -> list[Row]:
    """All rows, on a Valkey of our own that keeps nothing."""
    with tempfile.TemporaryDirectory(prefix="tiketi-bench-") as path:
        folder = DataFolder(Path(path))
        with folder.lock():
            async with running_valkey(folder, durable=False) as server:
                client = await RedisClient.connect(server.url, timeout_ms=30_000)
                async with client:
                    rows = [await measure(client, size) for size in sizes]
                    rows[-1] |= await draw(client)
                    return rows


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="people in line")
    options = parser.parse_args()
    rows = asyncio.run(run(tuple(int(size) for size in options.sizes.split(","))))
    if options.json:
        options.json.write_text(json.dumps(rows), encoding="utf-8")
    names = list(rows[-1])
    for name in names:
        cells = "".join(f"{row.get(name, '-')!s:>12}" for row in rows)
        sys.stdout.write(f"{name:>24}{cells}\n")


if __name__ == "__main__":
    main()
