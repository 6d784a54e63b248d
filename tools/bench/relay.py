"""How fast messages go from outbox to stream to inbox, and what a refusal by exception costs.

Real engines that sync their data, everything of ours in one process; it judges nothing.

    python tools/bench/relay.py [--messages 20000] [--refusals 2000] [--json FILE]
"""

import argparse
import asyncio
import contextlib
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvloop

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from tiketi_core.kernel.errors import DomainError  # noqa: E402
from tiketi_core.kernel.message import Message  # noqa: E402
from tiketi_platform.adapters.postgres.bootstrap import (  # noqa: E402
    DATABASE,
    create_databases,
    role,
)
from tiketi_platform.adapters.postgres.inbox import applying, applying_all  # noqa: E402
from tiketi_platform.adapters.postgres.migrate import SHARED_PARTS, migrate  # noqa: E402
from tiketi_platform.adapters.postgres.outbox import Relay, count_outbox  # noqa: E402
from tiketi_platform.adapters.postgres.pool import Connection, Database  # noqa: E402
from tiketi_platform.adapters.postgres.queries import SQL_FOLDER, Queries  # noqa: E402
from tiketi_platform.adapters.redis import RedisClient, keys  # noqa: E402
from tiketi_platform.adapters.redis.bus import StreamBus  # noqa: E402
from tiketi_platform.adapters.redis.consumer import Consumer  # noqa: E402
from tiketi_platform.runtime.data_folder import DataFolder  # noqa: E402
from tiketi_platform.runtime.engines.postgres import running_postgres  # noqa: E402
from tiketi_platform.runtime.engines.valkey import running_valkey  # noqa: E402

SERVICES: Final = ("payment", "reservation")
LATENCIES_COUNT: Final = 100
SQL: Final = Queries("relay.sql", (Path(__file__).parent / "sql" / "relay.sql").read_text("utf-8"))
Row = dict[str, Any]


class SeatTakenError(DomainError):
    """Somebody else has the seat."""

    code = "seat_taken"


class Bench:
    """Both services' databases and the bus between them."""

    def __init__(
        self, dsns: dict[str, str], databases: dict[str, Database], bus: StreamBus, url: str
    ) -> None:
        self.dsns = dsns
        self.payment = databases["payment"]
        self.reservation = databases["reservation"]
        self.bus = bus
        self.url = url

    @contextlib.asynccontextmanager
    async def relaying(self) -> AsyncIterator[Relay]:
        relay = Relay(self.dsns["payment"], "payment", self.bus, groups=("reservation",))
        async with _running(relay):
            yield relay

    @contextlib.asynccontextmanager
    async def consuming(self, handler: Any) -> AsyncIterator[Consumer]:
        consumer = Consumer(
            self.bus,
            self.url,
            group="reservation",
            name="bench",
            services=("payment",),
            handler=handler,
        )
        async with _running(consumer):
            yield consumer


@contextlib.asynccontextmanager
async def _running(worker: Relay | Consumer) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the counters of the product have no events
        await asyncio.sleep(0.005)


def _has_applied(consumer: Consumer, count: int) -> bool:
    return consumer.applied_count >= count


async def _effect(connection: Connection, message: Message) -> None:
    payload = message.payload
    await connection.execute(SQL["effect"], payload["payment_id"], payload["total_price"])


async def _effects(connection: Connection, messages: Sequence[Message]) -> None:
    rows = [(each.payload["payment_id"], each.payload["total_price"]) for each in messages]
    await connection.executemany(SQL["effect"], rows)


async def _nothing(_: Connection, __: Sequence[Message]) -> None:
    """What dedupe alone costs."""


class Timer:
    """Messages per second and our CPU per message since it was made."""

    def __init__(self) -> None:
        self._wall_s = time.perf_counter()
        self._cpu_s = time.process_time()

    def row(self, name: str, count: int) -> Row:
        wall_s = time.perf_counter() - self._wall_s
        cpu_s = time.process_time() - self._cpu_s
        return {
            "name": name,
            "per_s": round(count / wall_s),
            "cpu_us": round(cpu_s / count * 1e6, 1),
        }


async def measure_messages(bench: Bench, count: int) -> list[Row]:
    """Relay alone, apply alone (with and without an effect), then all at once."""
    rows: list[Row] = []
    await bench.payment.execute(SQL["fill"], count)
    timer = Timer()
    async with bench.relaying() as relay:
        await _until(lambda: relay.relayed_count >= count)
        rows.append(timer.row("outbox → stream", count))
    handlers = (
        ("stream → inbox, no effect", applying_all(bench.reservation, "none", _nothing)),
        ("with an INSERT each", applying(bench.reservation, "each", _effect)),
        ("with one executemany", applying_all(bench.reservation, "all", _effects)),
    )
    for name, handler in handlers:
        if len(rows) > 1:  # read the same messages again
            await bench.bus.client.execute(
                "XGROUP", "SETID", keys.messages("payment"), "reservation", "0"
            )
        timer = Timer()
        async with bench.consuming(handler) as consumer:
            await _until(partial(_has_applied, consumer, count))
            rows.append(timer.row(name, count))
    handler = applying_all(bench.reservation, "reservation", _effects)
    await bench.payment.execute(SQL["fill"], count)
    timer = Timer()
    async with bench.relaying(), bench.consuming(handler) as consumer:
        await _until(partial(_has_applied, consumer, count))
        rows.append(timer.row("outbox → stream → effect", count))
    assert await count_outbox(bench.payment) == 0, "nothing may be left behind"
    return rows


async def measure_latency(bench: Bench) -> Row:
    """From commit to handler, one message at a time, while the relay is awake."""
    arrived = asyncio.Event()

    async def handler(_: Sequence[Message]) -> None:
        arrived.set()

    latencies_ms: list[float] = []
    async with bench.relaying(), bench.consuming(handler):
        for _ in range(LATENCIES_COUNT):
            arrived.clear()
            await bench.payment.execute(SQL["publish_one"])
            since_s = time.perf_counter()
            await arrived.wait()
            latencies_ms.append((time.perf_counter() - since_s) * 1000)
    return {"name": "commit → handler", "median_ms": round(median(latencies_ms), 1)}


async def measure_refusals(bench: Bench, count: int) -> list[Row]:
    """Raise, return, raise, return: one caller."""
    database = bench.payment.refusing(SeatTakenError)
    await database.execute(SQL["create_refusing"])
    await database.execute(SQL["create_answering"])
    spent_us: dict[str, list[float]] = {"raise": [], "status": []}
    for _ in range(5):
        for name, us in spent_us.items():
            timer = Timer()
            for n in range(count // 5):
                with contextlib.suppress(SeatTakenError):
                    await database.fetchrow(SQL[name], n)
            row = timer.row(name, count // 5)
            us.append(1e6 / row["per_s"])
    return [
        {"name": f"refusal by {name}", "wall_us": round(median(us), 1)}
        for name, us in spent_us.items()
    ]


@contextlib.asynccontextmanager
async def engines() -> AsyncIterator[Bench]:
    """PostgreSQL and Valkey as a platform runs them, two services in them."""
    with tempfile.TemporaryDirectory(prefix="tiketi-bench-") as path:
        folder = DataFolder(Path(path))
        sql = Path(path) / "sql"
        sql.mkdir()
        for part in SHARED_PARTS:
            (sql / part).symlink_to(SQL_FOLDER / part)
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(folder.lock())
            postgres = await stack.enter_async_context(running_postgres(folder))
            valkey = await stack.enter_async_context(running_valkey(folder))
            passwords = {name: folder.secret(f"postgres-{name}") for name in SERVICES}
            await create_databases(postgres.superuser_dsn, passwords)
            dsns = {n: postgres.dsn(role(n), passwords[n], DATABASE) for n in SERVICES}
            databases: dict[str, Database] = {}
            for name, dsn in dsns.items():
                await migrate(dsn, name, folder=sql)
                databases[name] = await Database.connect(dsn, name)
                stack.push_async_callback(databases[name].close)
            await databases["reservation"].execute(SQL["create_effects"])
            client = await stack.enter_async_context(await RedisClient.connect(valkey.url))
            yield Bench(dsns, databases, StreamBus(client), valkey.url)


async def run(messages_count: int, refusals_count: int) -> list[Row]:
    """All rows."""
    async with engines() as bench:
        return [
            *await measure_messages(bench, messages_count),
            await measure_latency(bench),
            *await measure_refusals(bench, refusals_count),
        ]


def main() -> None:
    """Print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--refusals", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    rows = uvloop.run(run(options.messages, options.refusals))
    for row in rows:
        name, *figures = row.items()
        print(f"{name[1]:<28}", *(f"{value:>10,} {unit}" for unit, value in figures))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
