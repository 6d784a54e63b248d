"""How many mixed payments a second, over real HTTP, and what one costs in each process; it judges nothing.

PostgreSQL that syncs its data, Valkey, and in one loop of their own: auth, queue, payment and a stand-in for
the reservation service. The sandbox gateway and the clients are processes apart. Every payment is another
user's: two fresh tokens to verify, points to hold, a card to charge, a message to publish. Not counted: the first
payments, which open the pool's connections and have their plans made, once in a service's life.

    python tools/bench/payments.py [--payments 3000] [--at-once 64] [--json FILE]
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from tiketi_platform.runtime.engines.ports import free_port  # noqa: E402
from tiketi_platform.runtime.engines.postgres import PostgresServer  # noqa: E402
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY  # noqa: E402
from tiketi_platform.sandbox.toss.server import running_toss_sandbox  # noqa: E402
from tiketi_sdk.contract import reservation  # noqa: E402

EVENT_ID: Final = 1
TOKEN_TTL_S: Final = 900
WARMING: Final = 300
"""Payments before those that count."""


async def _find(_: object, call: Call[reservation.ReservationRequest]) -> reservation.Reservation:
    number, now = call.body.reservation_id, datetime.now(UTC)
    return reservation.Reservation(
        id=number,
        number="R",
        event_id=EVENT_ID,
        user_id=number,
        status="PENDING",
        total_price=1_000,
        seats=(),
        expires_at=now + timedelta(minutes=5),
        created_at=now,
        version=1,
    )


async def _ignore(_service: object, _messages: object) -> None:
    """Confirming costs the reservation service, not payment."""


RESERVATIONS: Final[ServiceSpec[Any, Any]] = ServiceSpec(
    name="reservation",
    build=lambda _: None,
    routes=(bind(reservation.GET, _find),),
    uses_redis=True,
    listens={"payment.completed": _ignore},
)


async def clients(tasks_file: str, at_once: str) -> None:
    """The clients' process: pays everything in the file, then prints what it saw."""
    work = json.loads(Path(tasks_file).read_text(encoding="utf-8"))  # noqa: ASYNC240  # before the clock starts
    tasks = iter(work["tasks"])
    latencies_ms: list[float] = []
    statuses: dict[str, int] = {}
    connector = aiohttp.TCPConnector(limit=int(at_once))
    async with aiohttp.ClientSession(connector=connector) as http:

        async def worker() -> None:
            for number, access, entry in tasks:
                body = {
                    "reservation_id": number,
                    "total_price": 1_000,
                    "point_used": 400,
                    "card_amount": 600,
                    "pg_token": "toss_token_ok",
                }
                headers = {
                    "Authorization": f"Bearer {access}",
                    "Entry-Token": entry,
                    "Idempotency-Key": f"bench-{number}",
                }
                started = time.perf_counter()
                async with http.post(work["url"], json=body, headers=headers) as response:
                    answer = await response.json()
                latencies_ms.append((time.perf_counter() - started) * 1_000)
                outcome = answer.get("status") if response.status == 201 else answer.get("code")
                statuses[outcome] = statuses.get(outcome, 0) + 1

        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(int(at_once))))
        elapsed_s = time.perf_counter() - started
    latencies_ms.sort()
    print(
        json.dumps(
            {
                "payments_per_s": round(len(latencies_ms) / elapsed_s, 1),
                "p50_ms": round(latencies_ms[len(latencies_ms) // 2], 1),
                "p99_ms": round(latencies_ms[len(latencies_ms) * 99 // 100], 1),
                "outcomes": statuses,
            }
        )
    )


async def gateway(port: str) -> None:
    """The sandbox's process."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_toss_sandbox(data_dir=Path(folder), port=int(port)):
            await asyncio.Event().wait()


@contextmanager
def apart(role: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process of this script."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--role", role, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate()


def cpu_s(process: psutil.Process) -> float:
    """CPU used so far by a process and its children."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


async def measure(
    platform: Running, folder: Path, postgres: PostgresServer, args: Any
) -> dict[str, Any]:
    """Provision, then let the clients' process pay."""
    count: int = args.payments
    everybody = count + WARMING
    for first in range(1, everybody + 1, 1_000):
        users = list(range(first, min(first + 1_000, everybody + 1)))
        answer = await platform.ask(
            "POST",
            "payment",
            "/api/points/sandbox/grant",
            token=platform.admin,
            json={"user_ids": users, "amount": 1_000, "reference": "bench"},
        )
        assert answer.status == 200, answer
    work = folder / "work.json"
    url = platform.url("payment") + "/api/payments"
    made = tokens(platform, everybody)
    work.write_text(json.dumps({"url": url, "tasks": made[count:]}), encoding="utf-8")
    with apart("clients", str(work), str(args.at_once)) as process:
        await asyncio.to_thread(process.communicate)
    work.write_text(json.dumps({"url": url, "tasks": made[:count]}), encoding="utf-8")
    ours, theirs = psutil.Process(), psutil.Process(postgres_pid(postgres))
    with apart("clients", str(work), str(args.at_once)) as process:
        await asyncio.sleep(1.5)
        before = ours.cpu_times().user + ours.cpu_times().system, cpu_s(theirs)
        said, _ = await asyncio.to_thread(process.communicate)
        after = ours.cpu_times().user + ours.cpu_times().system, cpu_s(theirs)
    return {
        **json.loads(said),
        "services_cpu_ms": round((after[0] - before[0]) * 1_000 / count, 2),
        "postgres_cpu_ms": round((after[1] - before[1]) * 1_000 / count, 2),
    }


def postgres_pid(server: PostgresServer) -> int:
    """The postmaster; its children serve us."""
    identity = server.process_id
    assert identity is not None, "it runs while we measure"
    return identity.pid


def tokens(platform: Running, count: int) -> list[tuple[int, str, str]]:
    """(user and reservation, access token, entry token) for each payment."""
    keys, now_s = platform.settings.keys_dir, int(time.time())
    access, entry = Signer.from_file(keys / "auth.pem"), Signer.from_file(keys / "queue.pem")
    times = {"issued_at_s": now_s, "expires_at_s": now_s + TOKEN_TTL_S}
    return [
        (
            number,
            access.sign({"sub": str(number), "role": "user"}, audience=ACCESS_AUDIENCE, **times),
            entry.sign(
                {"sub": str(number), "event_id": EVENT_ID, "number": number},
                audience=ENTRY_AUDIENCE,
                **times,
            ),
        )
        for number in range(1, count + 1)
    ]


async def run(
    args: Any, folder: Path, postgres: PostgresServer, databases: Databases, valkey: Any
) -> dict[str, Any]:
    """Services over the engines, and the measurement on them."""
    port = str(free_port())
    settings = settings_for(
        await databases.create(), valkey, folder, toss_url=f"http://127.0.0.1:{port}"
    )
    (settings.secrets_dir / "toss-secret-key").write_text(TOSS_SECRET_KEY, encoding="utf-8")
    with apart("gateway", port):
        await asyncio.sleep(2)
        async with serving(settings, "auth", "queue", RESERVATIONS, "payment") as platform:
            return await measure(platform, folder, postgres, args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=3_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--role", choices=["clients", "gateway"], help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.role is not None:
        uvloop.run(clients(*args.rest) if args.role == "clients" else gateway(*args.rest))
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
    print(json.dumps(result, indent=2))
    if args.json is not None:
        args.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
