"""What one EVALSHA costs this process over our connection and over redis-py; it judges nothing.

The same script, keys and arguments, the same number of concurrent callers, one server, in turn: A B C A B C.
Figures are process CPU (user and system, the server's not counted in), the median of the rounds.

    python tools/bench/redis_client.py [--operations 20000] [--callers 64] [--rounds 5] [--url URL] [--json FILE]
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

import uvloop
from redis.asyncio import Redis

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "platform"))

from tiketi_platform.adapters.redis import RedisClient, Scripts  # noqa: E402
from tiketi_platform.adapters.redis.scripts import Script, read_scripts  # noqa: E402
from tiketi_platform.runtime.engines.binaries import valkey_server  # noqa: E402

SCRIPT_NAME: Final = "bench/count"
KEYS: Final = ("bench:{42}:a", "bench:{42}:b")
ARGS: Final = (1_700_000_000_000, "user:12345", 300)

Call = Callable[[], Awaitable[object]]


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A throw-away Valkey on a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="tiketi-bench-") as folder:
        path = f"{folder}/valkey.sock"
        arguments = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
        process = subprocess.Popen([str(valkey_server()), *arguments], stdout=subprocess.DEVNULL)
        try:
            while not Path(path).exists():
                time.sleep(0.01)
            yield f"unix://{path}"
        finally:
            process.kill()
            process.wait()


async def cpu_us(call: Call, *, operations_count: int, callers_count: int) -> float:
    """Process CPU per operation, in µs, with that many callers each waiting for its own reply."""
    turns = range(operations_count // callers_count)

    async def caller() -> None:
        for _ in turns:
            await call()

    start_s = time.process_time()
    await asyncio.gather(*(caller() for _ in range(callers_count)))
    return (time.process_time() - start_s) * 1e6 / (len(turns) * callers_count)


async def redis_py_pipeline(client: Redis, sha1: str, size: int) -> None:
    """What redis-py does best: `size` commands queued by one caller, sent together."""
    pipe = client.pipeline(transaction=False)
    for _ in range(size):
        _ = pipe.evalsha(sha1, len(KEYS), *KEYS, *ARGS)
    await pipe.execute()


async def measure(url: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """Rounds of every row in turn."""
    script = read_scripts(Path(__file__).parent / "lua")[SCRIPT_NAME]
    scripts_by_name: dict[str, Script] = {script.name: script}
    callers = options.callers
    async with (
        await RedisClient.connect(url, timeout_ms=10_000) as ours,
        Redis.from_url(url, max_connections=callers) as theirs,
    ):
        scripts = Scripts(ours, scripts_by_name)
        await scripts.load_all()
        rows: dict[str, tuple[Call, int, int]] = {
            "tiketi execute(EVALSHA)": (
                lambda: ours.execute("EVALSHA", script.sha1, len(KEYS), *KEYS, *ARGS),
                callers,
                1,
            ),
            "tiketi Scripts.run": (lambda: scripts.run(script.name, KEYS, ARGS), callers, 1),
            "tiketi execute, one caller": (
                lambda: ours.execute("EVALSHA", script.sha1, len(KEYS), *KEYS, *ARGS),
                1,
                1,
            ),
            "redis-py evalsha": (
                lambda: theirs.evalsha(script.sha1, len(KEYS), *KEYS, *ARGS),
                callers,
                1,
            ),
            f"redis-py pipeline of {callers}": (
                lambda: redis_py_pipeline(theirs, script.sha1, callers),
                1,
                callers,
            ),
        }
        figures: dict[str, list[float]] = {name: [] for name in rows}
        for _ in range(options.rounds):
            for name, (call, callers_count, batch_count) in rows.items():
                operations_count = (
                    options.operations // batch_count // (4 if callers_count == 1 else 1)
                )
                us = await cpu_us(
                    call, operations_count=operations_count, callers_count=callers_count
                )
                figures[name].append(us / batch_count)
    return figures


def show(figures: dict[str, list[float]]) -> None:
    """One table; the last column compares with the first row."""
    floor_us = median(next(iter(figures.values())))
    print(f"{'EVALSHA over':32}{'CPU µs/op':>10}{'min':>8}{'max':>8}{'× first':>9}")
    for name, values in figures.items():
        us = median(values)
        print(f"{name:32}{us:>10.1f}{min(values):>8.1f}{max(values):>8.1f}{us / floor_us:>9.1f}")


async def main() -> None:
    """Measure against `--url`, or a server of our own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--url")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.url:
        figures = await measure(options.url, options)
    else:
        with server() as url:
            figures = await measure(url, options)
    show(figures)
    if options.json:
        options.json.write_text(json.dumps({"cpu_us_per_operation": figures}, indent=2))


if __name__ == "__main__":
    uvloop.run(main())
