"""How many reservations a second, over real HTTP, and what one costs in each process; it judges nothing.

PostgreSQL that syncs its data, Valkey, and in one loop of their own: auth, event, reservation and a stand-in for
the queue. The clients are a process apart. Every buyer is another user: two fresh tokens to verify, a seat to hold, a message
to publish. In turn: the best seat there is, and a seat by its id, which takes the lock in Redis as well. Not counted:
the first reservations, which open the pool's connections and have their plans made, once in a service's life.

    python tools/bench/reserve.py [--reservations 2000] [--at-once 64] [--json FILE]
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import uvloop

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

import aiohttp  # noqa: E402

from tests.engines import Databases, engine_folder, run_apart, valkey_engine  # noqa: E402
from tests.services import Running, serving, settings_for  # noqa: E402
from tiketi_platform.adapters.tokens.signer import Signer  # noqa: E402
from tiketi_platform.framework.access import ACCESS_AUDIENCE, ENTRY_AUDIENCE  # noqa: E402
from tiketi_platform.framework.call import Call  # noqa: E402
from tiketi_platform.framework.routing import bind  # noqa: E402
from tiketi_platform.framework.spec import ServiceSpec  # noqa: E402
from tiketi_platform.runtime import loop  # noqa: E402
from tiketi_platform.runtime.engines.postgres import PostgresServer  # noqa: E402
from tiketi_sdk.contract import queue  # noqa: E402
from tiketi_sdk.contract.auth import Jwks  # noqa: E402
from tiketi_sdk.contract.operation import Nothing  # noqa: E402

TOKEN_TTL_S: Final = 900
LAYOUT: Final = "stadium_50000"
WARMING: Final = 400
"""Reservations before those that count."""

Task = tuple[dict[str, Any], dict[str, str]]
"""Body and headers of one request."""


async def _keys(signer: Signer, _: Call[Nothing]) -> Jwks:
    return signer.jwks


async def _ignore(_service: object, _messages: object) -> None:
    """Keeping the waiting room costs the queue service, not reservation."""


QUEUE: Final[ServiceSpec[Any, Any]] = ServiceSpec(
    name="queue",
    build=lambda resources: Signer.from_file(resources.settings.keys_dir / "queue.pem"),
    routes=(bind(queue.JWKS, _keys),),
    uses_redis=True,
    listens={"reservation.confirmed": _ignore},
)


async def clients(tasks_file: str, at_once: int) -> None:
    """The clients' process: asks for everything in the file, then prints what it saw."""
    work = json.loads(Path(tasks_file).read_text(encoding="utf-8"))  # noqa: ASYNC240  # before the clock starts
    tasks, latencies_ms = iter(work["tasks"]), []
    statuses: dict[int, int] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as http:

        async def worker() -> None:
            for body, headers in tasks:
                started = time.perf_counter()
                async with http.post(work["url"], json=body, headers=headers) as response:
                    await response.read()
                latencies_ms.append((time.perf_counter() - started) * 1_000)
                statuses[response.status] = statuses.get(response.status, 0) + 1

        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(at_once)))
        elapsed_s = time.perf_counter() - started
    latencies_ms.sort()
    said = {
        "per_s": round(len(latencies_ms) / elapsed_s),
        "p50_ms": round(latencies_ms[len(latencies_ms) // 2], 1),
        "p99_ms": round(latencies_ms[len(latencies_ms) * 99 // 100], 1),
        "statuses": statuses,
    }
    print(json.dumps(said))


def cpu_s(postmaster: psutil.Process) -> tuple[float, float]:
    """CPU used so far by the services and by PostgreSQL with its children."""
    theirs = 0.0
    for each in (postmaster, *postmaster.children()):
        times = each.cpu_times()
        theirs += times.user + times.system
    return time.process_time(), theirs


async def prepare(platform: Running) -> tuple[int, int]:
    """An event on sale; returns its id and its first seat's."""
    now = datetime.now(UTC)
    body = {
        **dict.fromkeys(("title", "artist", "venue"), "Bench"),
        "on_sale_at": (now - timedelta(hours=1)).isoformat(),
        "sale_ends_at": (now + timedelta(hours=1)).isoformat(),
        "starts_at": (now + timedelta(hours=2)).isoformat(),
    }
    made = await platform.ask("POST", "event", "/api/events", token=platform.admin, json=body)
    event_id: int = made.body["id"]
    wanted = {"event_id": event_id, "layout": LAYOUT}
    await platform.ask(
        "POST", "reservation", "/api/seats/generate", token=platform.admin, json=wanted
    )
    seats = await platform.ask("GET", "reservation", f"/api/seats?event_id={event_id}")
    return event_id, seats.body["sections"][0]["rows"][0]["first_seat_id"]


def tasks(platform: Running, event_id: int, seats: list[int | None], first_user: int) -> list[Task]:
    """One request per seat (None: the best), each by a user of its own."""
    keys, now_s = platform.settings.keys_dir, int(time.time())
    access, entry = Signer.from_file(keys / "auth.pem"), Signer.from_file(keys / "queue.pem")
    times = {"issued_at_s": now_s, "expires_at_s": now_s + TOKEN_TTL_S}
    made: list[Task] = []
    for user, seat in enumerate(seats, start=first_user):
        who = {"sub": str(user)}
        token = access.sign({**who, "role": "user"}, audience=ACCESS_AUDIENCE, **times)
        admission = {**who, "event_id": event_id, "number": user}
        headers = {
            "Authorization": f"Bearer {token}",
            "Entry-Token": entry.sign(admission, audience=ENTRY_AUDIENCE, **times),
        }
        what = {"best_available": {"count": 1}} if seat is None else {"seat_ids": [seat]}
        made.append(({"event_id": event_id, **what}, headers))
    return made


async def measure(
    platform: Running, folder: Path, postgres: PostgresServer, args: Any
) -> dict[str, Any]:
    identity, count = postgres.process_id, args.reservations
    assert identity is not None, "it runs while we measure"
    postmaster = psutil.Process(identity.pid)
    event_id, first_seat = await prepare(platform)
    behind = first_seat + 40_000
    result: dict[str, Any] = {}
    wishes: dict[str, list[int | None]] = {
        "warming": [None] * (WARMING // 2) + list(range(behind - WARMING // 2, behind)),
        "best": [None] * count,
        "by_id": list(range(behind, behind + count)),
    }
    for number, (name, seats) in enumerate(wishes.items()):
        work = folder / "work.json"
        made = tasks(platform, event_id, seats, number * (count + WARMING) + 1)
        url = platform.url("reservation") + "/api/reservations"
        work.write_text(json.dumps({"url": url, "tasks": made}), encoding="utf-8")
        command = [sys.executable, __file__, "--work", str(work), "--at-once", str(args.at_once)]
        before = cpu_s(postmaster)
        said = await asyncio.to_thread(subprocess.check_output, command)
        after = cpu_s(postmaster)
        result[name] = {
            **json.loads(said),
            "services_cpu_ms": round((after[0] - before[0]) * 1_000 / count, 2),
            "postgres_cpu_ms": round((after[1] - before[1]) * 1_000 / count, 2),
        }
    return result


async def run(
    args: Any, folder: Path, postgres: PostgresServer, databases: Databases, valkey: Any
) -> dict[str, Any]:
    settings = settings_for(await databases.create(), valkey, folder)
    async with serving(settings, "auth", "event", QUEUE, "reservation") as platform:
        return await measure(platform, folder, postgres, args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reservations", type=int, default=2_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work is not None:
        uvloop.run(clients(args.work, args.at_once))
        return
    with (
        engine_folder() as data,
        valkey_engine() as valkey,
        tempfile.TemporaryDirectory() as folder,
    ):
        server = PostgresServer(data)
        run_apart(server.start())
        try:
            databases = Databases(server, data)
            result = loop.run(run(args, Path(folder), server, databases, valkey))
        finally:
            run_apart(server.stop())
    del result["warming"]
    print(json.dumps(result, indent=2))
    if args.json is not None:
        args.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
