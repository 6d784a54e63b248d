"""5,000 users who enter one waiting room in the same instant, each over a connection of its own; judges nothing.

The platform of six processes is asked by one more that holds all connections. Every token is new to the
service, as at the opening of a sale, so each request costs a signature. Connections stay open until the last
answer is there. Counted: seconds from the first connection to the last answer, and CPU of the queue service.

    python tools/bench/enter_burst.py [--users 5000] [--rounds 3] [--json FILE]
"""

import argparse
import asyncio
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvloop

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

PATIENCE_S: Final = 60.0
"""Who has no answer by then has failed."""


class _Asking(asyncio.Protocol):
    """Connects, asks, and holds its connection."""

    def __init__(self, request: bytes, answered: "asyncio.Future[bool]") -> None:
        self._request = request
        self._answered = answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._request)  # type: ignore[attr-defined]  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        if not self._answered.done():
            self._answered.set_result(data.startswith(b"HTTP/1.1 200"))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self._answered.done():
            self._answered.set_result(False)


async def _ask_all(port: int, requests: list[bytes]) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    answers: list[asyncio.Future[bool]] = [loop.create_future() for _ in requests]
    started_s = loop.time()
    opened = await asyncio.gather(
        *(
            loop.create_connection(partial(_Asking, *pair), "127.0.0.1", port)
            for pair in zip(requests, answers, strict=True)
        ),
        return_exceptions=True,
    )
    for answer, connection in zip(answers, opened, strict=True):
        if isinstance(connection, BaseException) and not answer.done():
            answer.set_result(False)
    done, _ = await asyncio.wait(answers, timeout=PATIENCE_S)
    seconds = loop.time() - started_s
    return {"seconds": seconds, "errors": len(requests) - sum(each.result() for each in done)}


def clients(port: int) -> None:
    """The other process: reads requests from stdin, asks them all at once, writes what it saw."""
    from tools.bench.socket_clients import allow_many_files

    allow_many_files()
    requests = [line.encode() for line in json.load(sys.stdin)]
    json.dump(uvloop.run(_ask_all(port, requests)), sys.stdout)


def measured(users: int, rounds: int) -> dict[str, Any]:
    """The medians of some rounds, each with users of its own and a room that is full."""
    from tests.acceptance.stage import running
    from tools.bench.http_rows import entering, signed_tokens
    from tools.bench.wire import cpu_s

    seconds, errors, cpu_ms = [], 0, []
    with running(mode="processes") as stage:
        room = stage.concert(capacity=100).id
        pid = stage.record.processes["queue"].pid
        for number in range(rounds):
            tokens = signed_tokens(stage, users, first=2_000_000 + number * users)
            asked = [request.decode() for request in entering(room, tokens)]
            before_s = cpu_s(pid)
            seen = json.loads(
                subprocess.run(
                    [sys.executable, __file__, "--clients", str(stage.ports["queue"])],
                    input=json.dumps(asked).encode(),
                    stdout=subprocess.PIPE,
                    check=True,
                ).stdout
            )
            cpu_ms.append((cpu_s(pid) - before_s) * 1_000 / users)
            seconds.append(seen["seconds"])
            errors += seen["errors"]
    return {
        "users": users,
        "errors": errors,
        "all_answered_s": round(median(seconds), 2),
        "cpu_ms_each": round(median(cpu_ms), 3),
    }


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--clients", type=int, metavar="PORT", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.clients is not None:
        clients(chosen.clients)
        return
    figures = measured(chosen.users, chosen.rounds)
    for name, value in figures.items():
        print(f"{name:16} {value}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
