"""Valkey as a child of this process, in a data folder, kept by an append-only file.

Every connection needs the password of the data folder. A crash loses at most the last second, and
only if the machine itself stops; a half-written tail is cut off at the next start. The kernel
stops Valkey when this process dies (Linux), and a leftover is stopped at the next start.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.binaries import valkey_server
from tiketi_platform.runtime.engines.ports import LOOPBACK, free_port, is_free, require_free
from tiketi_platform.runtime.engines.process import (
    ProcessId,
    Step,
    processes_in,
    spawn,
    stop_all,
    stop_child,
    tail,
)
from tiketi_platform.runtime.errors import EngineError

PASSWORD_SECRET: Final = "valkey"  # noqa: S105 - the secret's name, not the secret

CLIENTS_MAX: Final = 4096
DATABASES_COUNT: Final = 16

_START_TIMEOUT_S: Final = 60.0
_READY_POLL_S: Final = 0.01
_ANSWER_TIMEOUT_S: Final = 5.0
_STOP: Final = (Step(signal.SIGTERM, 10.0),)
_SOCKET_PATH_BYTES_MAX: Final = 100


class ValkeyServer:
    """One Valkey. `start` and `stop` may alternate; the port stays the same."""

    name: Final = "valkey"

    def __init__(self, folder: DataFolder, port: int = 0, *, durable: bool = True) -> None:
        """Prepare a server on `folder`; port 0 takes a free one, `durable=False` keeps nothing."""
        self._folder = folder
        self._any_port = port == 0
        self.port = port
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server while it is started; poll it to learn of its death."""
        return self._process

    @property
    def process_id(self) -> ProcessId | None:
        """The running server, for the platform's record."""
        return None if self._process is None else ProcessId.of(self._process.pid)

    @property
    def url(self) -> str:
        """URL over loopback, password included, of database 0."""
        return self.database_url(0)

    def database_url(self, database: int) -> str:
        """URL over loopback of one of the numbered databases."""
        assert 0 <= database < DATABASES_COUNT, "no such database"
        password = self._folder.secret(PASSWORD_SECRET)
        return f"redis://:{password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def nearest_url(self) -> str:
        """URL without the password: the Unix socket, which takes half of TCP's time, or else loopback."""
        if self.socket_path is None:
            return f"redis://{LOOPBACK}:{self.port}/0"
        return f"unix://{quote(str(self.socket_path))}"

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, or None where its path would be too long for the system."""
        path = self._folder.run / "valkey.sock"
        return path if len(os.fsencode(path)) <= _SOCKET_PATH_BYTES_MAX else None

    async def start(self) -> None:
        """Start and wait until it answers a PING, its data loaded.

        Raises `EngineError` with the end of its log, or `PortTakenError`.
        """
        assert self._folder.is_locked, "lock the data folder first: leftovers get stopped"
        assert self._process is None, "already started"
        survivors = await stop_all(processes_in(self._folder.valkey, ["valkey-server"]), _STOP)
        if survivors:
            numbers = ", ".join(str(process.pid) for process in survivors)
            raise EngineError(f"a Valkey of an earlier run will not stop: pid {numbers}")
        if self._any_port and (self.port == 0 or not is_free(self.port)):
            self.port = free_port()
        require_free({self.name: self.port})
        config = self._write_config()
        log = self._folder.log(self.name)
        since_bytes = log.stat().st_size if log.exists() else 0
        self._process = spawn([str(valkey_server()), str(config)], log=log)
        try:
            await self._wait_until_ready(self._process, log, since_bytes)
        except BaseException:  # cancellation too: it must be tidied up after, then goes on
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop it, its file written to disk. Nothing happens if it is down."""
        process, self._process = self._process, None
        if process is not None:
            await stop_child(process, _STOP)

    def _write_config(self) -> Path:
        # A file and not arguments: everyone on the machine may read a command line.
        settings = {
            "port": str(self.port),
            "bind": LOOPBACK,
            "protected-mode": "yes",
            "requirepass": self._folder.secret(PASSWORD_SECRET),
            "dir": _quoted(self._folder.valkey),
            "daemonize": "no",
            "databases": str(DATABASES_COUNT),
            "maxclients": str(CLIENTS_MAX),
            "tcp-backlog": "511",
            "save": '""',
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            # Nothing here may be forgotten to make room: full means an error.
            "maxmemory-policy": "noeviction",
            "shutdown-on-sigterm": "default",
            "loglevel": "notice",
        }
        if self.socket_path is not None:
            settings |= {"unixsocket": _quoted(self.socket_path), "unixsocketperm": "700"}
        path = self._folder.run / "valkey.conf"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{name} {value}\n" for name, value in settings.items())
        return path

    async def _wait_until_ready(
        self,
        process: subprocess.Popen[bytes],
        log: Path,
        since_bytes: int,
    ) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not await self._answers():
            if process.poll() is not None:
                raise EngineError(
                    f"Valkey ended with {process.returncode}:\n{tail(log, since_bytes)}",
                )
            if time.monotonic() >= deadline:
                raise EngineError(
                    f"Valkey is not ready after {_START_TIMEOUT_S:g} s:\n{tail(log, since_bytes)}",
                )
            await asyncio.sleep(_READY_POLL_S)

    async def _answers(self) -> bool:
        """Whether it takes the password and answers PING; while loading it does not."""
        password = self._folder.secret(PASSWORD_SECRET)
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {password}\r\nPING\r\n".encode())
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                return [await reader.readline(), await reader.readline()] == [
                    b"+OK\r\n",
                    b"+PONG\r\n",
                ]
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()


@asynccontextmanager
async def running_valkey(
    folder: DataFolder,
    port: int = 0,
    *,
    durable: bool = True,
) -> AsyncIterator[ValkeyServer]:
    """Valkey on a locked data folder for the length of the block."""
    server = ValkeyServer(folder, port, durable=durable)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
