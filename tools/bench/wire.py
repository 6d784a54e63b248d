"""A lean HTTP client for measuring servers, and CPU time from /proc; the same one for ours and for the floor."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

CONNECTIONS_COUNT = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """What the client saw of a run."""

    count: int
    elapsed_s: float
    statuses: Counter[int]
    body_bytes: int
    """Of the last answer."""


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A whole request as bytes, made before the clock starts."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def send_all(port: int, requests: Iterable[bytes]) -> Seen:
    """Send everything over kept connections, each with one request under way."""
    left = iter(requests)
    statuses: Counter[int] = Counter()
    sizes: list[int] = [0]

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for made in left:
            writer.write(made)
            head = await reader.readuntil(b"\r\n\r\n")
            size = _length(head)
            await reader.readexactly(size)
            statuses[int(head[9:12])] += 1
            sizes[0] = size
        writer.close()

    pairs = [
        await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        for _ in range(CONNECTIONS_COUNT)
    ]
    started = time.perf_counter()
    await asyncio.gather(*(connection(*pair) for pair in pairs))
    elapsed_s = time.perf_counter() - started
    return Seen(statuses.total(), elapsed_s, statuses, sizes[0])


def _length(head: bytes) -> int:
    at = head.lower().index(b"content-length:")
    return int(head[at + 15 : head.index(b"\r\n", at)])


def cpu_s(pid: int, *, with_children: bool = False) -> float:
    """CPU time a process has used, to the nanosecond where the kernel says it."""
    return sum(_one_s(each) for each in _family(pid, with_children=with_children))


def _family(pid: int, *, with_children: bool) -> Iterator[int]:
    yield pid
    if with_children:
        yield from (child.pid for child in psutil.Process(pid).children(recursive=True))


def _one_s(pid: int) -> float:
    try:
        tasks = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
        if tasks:
            return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
        times = psutil.Process(pid).cpu_times()
    except (OSError, psutil.Error):
        # Gone meanwhile; what it used is missing from both readings alike.
        return 0.0
    return times.user + times.system
