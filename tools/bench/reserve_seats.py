"""What the seat tables cost by themselves: generation, maps, and selling out 50,000 seats; it judges nothing.

A PostgreSQL that syncs its data, and the adapters in one loop, as many buyers at once as a service has
connections. Every buyer is another user and asks for the best seats. CPU is per call, ours and PostgreSQL's apart.

    python tools/bench/reserve_seats.py [--seats 2] [--buyers 12] [--json FILE]
"""

import argparse
import asyncio
import gzip
import json
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil
import uvloop

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from tests.engines import Databases, engine_folder, run_apart  # noqa: E402
from tiketi_core.kernel.ids import EventId, UserId  # noqa: E402
from tiketi_core.reservation.errors import SoldOutError  # noqa: E402
from tiketi_core.reservation.layouts import LAYOUTS  # noqa: E402
from tiketi_core.reservation.model import Hold, Wish  # noqa: E402
from tiketi_platform.adapters.postgres.migrate import migrate  # noqa: E402
from tiketi_platform.adapters.postgres.pool import Database  # noqa: E402
from tiketi_platform.adapters.postgres.queries import Queries  # noqa: E402
from tiketi_platform.adapters.postgres.reservation.holds import PostgresReservations  # noqa: E402
from tiketi_platform.adapters.postgres.reservation.seating import PostgresSeating  # noqa: E402
from tiketi_platform.framework.routing import encode  # noqa: E402
from tiketi_platform.runtime.engines.postgres import PostgresServer  # noqa: E402
from tiketi_platform.services.reservation.translate import seat_map_wire  # noqa: E402

SQL: Final = Queries(
    "reserve.sql", (Path(__file__).parent / "sql" / "reserve.sql").read_text("utf-8")
)
NOW_MS: Final = 1_800_000_000_000
ROUNDS: Final = 5


class Meter:
    """CPU used by this process and by PostgreSQL with its children."""

    def __init__(self, server: PostgresServer) -> None:
        identity = server.process_id
        assert identity is not None, "it runs while we measure"
        self._postmaster = psutil.Process(identity.pid)

    def read_s(self) -> tuple[float, float]:
        ours, theirs = time.process_time(), 0.0
        for each in (self._postmaster, *self._postmaster.children()):
            times = each.cpu_times()
            theirs += times.user + times.system
        return ours, theirs


async def timed_s(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def generation(database: Database) -> dict[str, float]:
    """One generation of 50,000 seats against the bare statement, A B A B; the last event stays."""
    seating, layout = PostgresSeating(database), LAYOUTS["stadium_50000"]
    await database.execute(SQL["create_bare"])
    ours_s, bare_s = [], []
    for number in range(1, ROUNDS + 1):
        await database.execute(SQL["empty_bare"])
        first = number * 100_000
        event = EventId(number)
        bare_s.append(await timed_s(partial(database.execute, SQL["bare"], number, first)))
        ours_s.append(await timed_s(partial(seating.generate, event, layout, now_ms=NOW_MS)))
    return {
        "generate_ms": round(median(ours_s) * 1000, 1),
        "bare_ms": round(median(bare_s) * 1000, 1),
        "ratio": round(median(ours_s) / median(bare_s), 2),
    }


async def maps(database: Database, name: str, event_id: int) -> dict[str, float]:
    """Reading, asking for the version and encoding the map of a layout."""
    seating = PostgresSeating(database)
    event = EventId(event_id)
    await seating.generate(event, LAYOUTS[name], now_ms=NOW_MS)
    read_s, encode_s, version_s = [], [], []
    body = b""
    for _ in range(ROUNDS * 4):
        started = time.perf_counter()
        plan = await seating.plan(event, now_ms=NOW_MS)
        read_s.append(time.perf_counter() - started)
        assert plan is not None, "it was generated above"
        started = time.perf_counter()
        body = encode(seat_map_wire(event, plan))
        encode_s.append(time.perf_counter() - started)
        version_s.append(await timed_s(lambda: seating.version(event, now_ms=NOW_MS)))
    return {
        "read_ms": round(median(read_s) * 1000, 2),
        "encode_ms": round(median(encode_s) * 1000, 2),
        "unchanged_ms": round(median(version_s) * 1000, 2),
        "bytes": len(body),
        "gzip_bytes": len(gzip.compress(body, 6)),
    }


async def sell_out(database: Database, meter: Meter, args: Any) -> list[dict[str, float]]:
    """Buyers take the best seats of event 1 until none are left; one line per tenth of the hall."""
    books = PostgresReservations(database)
    tenth = LAYOUTS["stadium_50000"].seats_count // args.seats // 10
    lines: list[dict[str, float]] = []
    sold = split = 0
    user_id = 0
    latencies_s: list[float] = []
    is_sold_out = False
    began_s, (ours_s, theirs_s) = time.perf_counter(), meter.read_s()

    async def buyer() -> None:
        nonlocal sold, split, user_id, is_sold_out, began_s, ours_s, theirs_s
        while not is_sold_out:
            user_id += 1
            wish = Wish(event_id=EventId(1), user_id=UserId(user_id), count=args.seats)
            hold = Hold(
                wish=wish,
                seats_per_user_max=args.seats,
                key=None,
                request_id="",
                now_ms=NOW_MS,
                expires_at_ms=NOW_MS + 300_000,
            )
            started = time.perf_counter()
            try:
                held = await books.hold(hold)
            except SoldOutError:
                is_sold_out = True
                return
            latencies_s.append(time.perf_counter() - started)
            sold += 1
            split += len({(seat.section, seat.row) for seat in held.seats}) > 1
            if sold % tenth == 0:
                at_s, (our_s, their_s) = time.perf_counter(), meter.read_s()
                lines.append(
                    {
                        "per_s": round(tenth / (at_s - began_s)),
                        "ours_us": round((our_s - ours_s) / tenth * 1e6),
                        "postgres_us": round((their_s - theirs_s) / tenth * 1e6),
                        "p99_ms": round(sorted(latencies_s)[len(latencies_s) * 99 // 100] * 1e3, 1),
                        "split_count": split,
                    }
                )
                latencies_s.clear()
                began_s, ours_s, theirs_s = at_s, our_s, their_s

    await asyncio.gather(*(buyer() for _ in range(args.buyers)))
    return lines


async def run(args: Any, server: PostgresServer, databases: Databases) -> dict[str, Any]:
    made = await databases.create()
    await migrate(made.dsn("reservation"), "reservation")
    database = await Database.connect(
        made.dsn("reservation"), "reservation", connections_max=args.buyers
    )
    try:
        return {
            "generation": await generation(database),
            "maps": {
                name: await maps(database, name, 100 + number)
                for number, name in enumerate(LAYOUTS)
            },
            "sell_out": await sell_out(database, Meter(server), args),
        }
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=2)
    parser.add_argument("--buyers", type=int, default=12)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with engine_folder() as data:
        server = PostgresServer(data)
        run_apart(server.start())
        try:
            result = uvloop.run(run(args, server, Databases(server, data)))
        finally:
            run_apart(server.stop())
    print(json.dumps(result, indent=2))
    if args.json is not None:
        args.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
