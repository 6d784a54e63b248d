"""`tiketi status`."""

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Data
from tiketi_cli.text import lasting
from tiketi_sdk.contract.codes import Exit

if TYPE_CHECKING:
    from tiketi_platform.runtime.record import PlatformRecord

# Spelled here: the contract would take longer to load than the whole command.
SERVICES: Final = ("auth", "event", "queue", "reservation", "payment", "notification")


@dataclass(frozen=True, slots=True)
class Line:
    """One server of the platform."""

    name: str
    kind: str
    state: str
    """ready, live (answers, and cannot work yet), or down."""
    port: int
    pid: int | None
    latency_ms: float | None
    url: str | None


def status(ctx: typer.Context, data: Data = None) -> None:
    """Show what runs on this machine, where, and whether it answers. Fails when not all of it does.

    tiketi status
    tiketi status --json | jq -r .state
    until tiketi status >/dev/null 2>&1; do sleep 1; done
    """
    from tiketi_platform.runtime.data_folder import DataFolder, default_path

    here = session(ctx)
    path = data or default_path()
    folder = DataFolder.existing(path)
    record = folder.read_record() if folder is not None else None
    if folder is None or record is None or folder.owner() is None:
        here.out.facts(
            {"running": False, "state": "down", "data": path}, {"platform": "down", "data": path}
        )
        here.out.say("start it: tiketi up --detach")
        raise typer.Exit(Exit.UNAVAILABLE)
    lines = asyncio.run(_look(record))
    all_ready = all(line.state == "ready" for line in lines)
    state = record.state if record.state != "ready" or all_ready else "unwell"
    uptime_s = time.time() - record.started_at_ms / 1_000
    if here.json:
        here.out.document(
            {
                "running": True,
                "state": state,
                "mode": record.mode,
                "pid": record.parent.pid,
                "uptime_s": round(uptime_s, 1),
                "data": folder.path,
                "servers": lines,
            }
        )
    else:
        here.out.facts(
            record,
            {
                "platform": state,
                "mode": record.mode,
                "pid": record.parent.pid,
                "up for": lasting(uptime_s),
                "data": folder.path,
            },
        )
        here.out.items(
            lines,
            {
                "Name": lambda line: line.name,
                "Kind": lambda line: line.kind,
                "State": lambda line: line.state,
                "Latency": lambda line: f"{line.latency_ms:.0f} ms" if line.latency_ms else None,
                "Port": lambda line: line.port,
                "Pid": lambda line: line.pid,
                "Address": lambda line: line.url,
            },
            right=("Latency", "Port", "Pid"),
        )
    if state != "ready":
        raise typer.Exit(Exit.UNAVAILABLE)


async def _look(record: "PlatformRecord") -> list[Line]:
    return await asyncio.gather(
        *(asyncio.to_thread(_line, record, name, port) for name, port in record.ports.items())
    )


def _line(record: "PlatformRecord", name: str, port: int) -> Line:
    from tiketi_platform.runtime.readiness import is_ready

    if name in SERVICES:
        kind, process = "service", record.processes.get(name)
    elif name in record.processes:
        kind, process = "engine", record.processes[name]
    else:
        kind, process = "sandbox", record.processes.get("sandbox")
    pid = record.parent.pid if process is None else process.pid
    url = f"http://127.0.0.1:{port}"
    begun_s = time.perf_counter()
    if name not in SERVICES:
        state = "ready" if _listens(port) else "down"
        return Line(name, kind, state, port, pid, None, f"{url}/" if name == "mailbox" else None)
    state = "ready" if is_ready(f"{url}/health/ready") else "down"
    latency_ms = (time.perf_counter() - begun_s) * 1_000
    if state == "down" and is_ready(f"{url}/health/live"):
        state = "live"
    return Line(name, kind, state, port, pid, latency_ms if state == "ready" else None, url)


def _listens(port: int) -> bool:
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False
