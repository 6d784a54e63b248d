"""A stand-in for `tiketi up --processes`: engines and two tiny services under a supervisor.

Usage: platform_program.py FOLDER PORT_1 PORT_2. SIGTERM stops it in order.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

from tiketi_platform.runtime.children import Child
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.postgres import PostgresServer
from tiketi_platform.runtime.engines.process import ProcessId
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.runtime.record import PlatformRecord, State
from tiketi_platform.runtime.supervisor import Supervisor

_SERVICE = Path(__file__).with_name("service_program.py")


async def main(path: str, *ports: str) -> None:
    folder = DataFolder(Path(path))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with folder.lock():
        parent = ProcessId.this()
        postgres, valkey = PostgresServer(folder), ValkeyServer(folder)
        state: State = "starting"
        started_at_ms = time.time_ns() // 1_000_000

        def tell() -> None:
            folder.write_record(
                PlatformRecord(
                    parent=parent,
                    mode="processes",
                    state=state,
                    started_at_ms=started_at_ms,
                    ports={"postgres": postgres.port, "valkey": valkey.port},
                    processes=supervisor.processes,
                )
            )

        supervisor = Supervisor(folder, on_change=tell)
        async with supervisor:
            await supervisor.add_engines(postgres, valkey)
            await supervisor.add_children(
                [
                    Child(
                        f"service{port}",
                        [sys.executable, str(_SERVICE)],
                        env={"PORT": port},
                        ready_url=f"http://127.0.0.1:{port}/health/ready",
                    )
                    for port in ports
                ]
            )
            state = "ready"
            tell()
            await supervisor.run_until(stop)
        folder.remove_record()


asyncio.run(main(*sys.argv[1:]))
