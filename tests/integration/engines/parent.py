"""A stand-in for `tiketi up`: starts both engines, tells their processes and ports, and waits.

Usage: parent.py FOLDER [nobody]. It prints one line of JSON when ready; SIGTERM stops it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines import identity
from tiketi_platform.runtime.engines.postgres import SUPERUSER_SECRET, PostgresServer
from tiketi_platform.runtime.engines.postgres_settings import SUPERUSER
from tiketi_platform.runtime.engines.valkey import PASSWORD_SECRET, ValkeyServer
from tiketi_platform.runtime.wiring import with_user


async def main(path: str, as_whom: str = "") -> None:
    folder = DataFolder(Path(path))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with folder.lock():
        postgres = PostgresServer(folder, identity=identity.nobody() if as_whom else None)
        valkey = ValkeyServer(folder)
        await asyncio.gather(postgres.start(), valkey.start())
        assert postgres.process is not None
        assert valkey.process is not None
        facts = {
            "uid": os.geteuid(),
            "pids": [postgres.process.pid, valkey.process.pid],
            "dsn": postgres.superuser_dsn,
            "url": valkey.url,
            "nearest_dsn": with_user(
                postgres.nearest_url("postgres"), SUPERUSER, folder.secret(SUPERUSER_SECRET)
            ),
            "nearest_url": with_user(valkey.nearest_url, "", folder.secret(PASSWORD_SECRET)),
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        await stop.wait()
        await asyncio.gather(postgres.stop(), valkey.stop())


asyncio.run(main(*sys.argv[1:]))
