"""PostgreSQL 18 as a child of this process, in a data folder, asking a password of everyone.

Starts it as root too (see `identity`), recovers from a crash of ours by itself, and never leaves a
server behind: the kernel stops it when this process dies (Linux), and a leftover found at the next
start is stopped first. Does not know what is stored in it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines import identity as identities
from tiketi_platform.runtime.engines.binaries import postgres_bin
from tiketi_platform.runtime.engines.identity import Identity
from tiketi_platform.runtime.engines.ports import LOOPBACK, free_port, is_free, require_free
from tiketi_platform.runtime.engines.postgres_settings import (
    SUPERUSER,
    initdb_arguments,
    server_arguments,
)
from tiketi_platform.runtime.engines.process import (
    ProcessId,
    Step,
    processes_in,
    spawn,
    stop_all,
    stop_child,
    tail,
    wait_for_exit,
)
from tiketi_platform.runtime.errors import EngineError

SUPERUSER_SECRET: Final = "postgres-superuser"  # noqa: S105 - the secret's name, not the secret

_INITDB_TIMEOUT_S: Final = 120.0
_START_TIMEOUT_S: Final = 60.0
_READY_POLL_S: Final = 0.01
_STATUS_LINE: Final = 7
_STOP: Final = (Step(signal.SIGINT, 15.0), Step(signal.SIGQUIT, 5.0))
_STOP_LEFTOVER: Final = (Step(signal.SIGINT, 5.0), Step(signal.SIGQUIT, 3.0))
_SOCKET_PATH_BYTES_MAX: Final = 100
"""The system allows 104 to 108 bytes for the path of a Unix socket."""


class PostgresServer:
    """One PostgreSQL. `start` and `stop` may alternate; the port stays the same."""

    name: Final = "postgres"

    def __init__(
        self,
        folder: DataFolder,
        port: int = 0,
        *,
        durable: bool = True,
        options: Mapping[str, str] | None = None,
        identity: Identity | None = None,
    ) -> None:
        """Prepare a server on `folder`; port 0 takes a free one.

        `durable=False` skips the sync of a new cluster. `options` are server settings.
        """
        self._folder = folder
        self._any_port = port == 0
        self.port = port
        self._durable = durable
        self._options = dict(options or {})
        self._identity = identity
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server while it is started; poll it to learn of its death."""
        return self._process

    @property
    def superuser_dsn(self) -> str:
        """URL of the maintenance database as the owner of everything."""
        return self.dsn(SUPERUSER, self._folder.secret(SUPERUSER_SECRET), "postgres")

    def dsn(self, user: str, password: str, database: str) -> str:
        """URL over loopback for a user."""
        return f"postgresql://{user}:{quote(password, safe='')}@{LOOPBACK}:{self.port}/{database}"

    def nearest_url(self, database: str) -> str:
        """URL without credentials: the Unix socket, which takes half of TCP's time, or loopback where the
        socket's path would be too long for the system. Known once it was started.
        """
        if self._sockets is None:
            return f"postgresql://{LOOPBACK}:{self.port}/{database}"
        return f"postgresql:///{database}?host={quote(str(self._sockets))}&port={self.port}"

    async def start(self) -> None:
        """Start and wait until it accepts connections.

        Raises `EngineError` with the end of its log, or `PortTakenError`.
        """
        assert self._folder.is_locked, "lock the data folder first: leftovers get stopped"
        assert self._process is None, "already started"
        identity = self._identity or identities.choose(self._folder.postgres / "data")
        data, sockets, binaries = self._places(identity)
        self._sockets = _usable(sockets)
        await self._clear_leftovers(data, sockets)
        if not (data / "PG_VERSION").exists():
            await self._initialise(data, sockets, binaries, identity)
        if self._any_port and (self.port == 0 or not is_free(self.port)):
            self.port = free_port()
        require_free({self.name: self.port})
        log = self._folder.log(self.name)
        since_bytes = log.stat().st_size if log.exists() else 0
        self._process = spawn(
            [
                str(binaries / "postgres"),
                *server_arguments(data, self.port, self._sockets, self._options),
            ],
            log=log,
            identity=identity.spec,
            # Fast shutdown: sessions are cut, transactions rolled back, a checkpoint written.
            on_parent_death=signal.SIGINT,
            env=_environment(),
        )
        try:
            await self._wait_until_ready(self._process, data, log, since_bytes)
        except BaseException:  # cancellation too: it must be tidied up after, then goes on
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop it; sessions are cut, committed work is kept. Nothing happens if it is down."""
        process, self._process = self._process, None
        if process is not None:
            await stop_child(process, _STOP)

    def _places(self, identity: Identity) -> tuple[Path, Path, Path]:
        """Folders of the cluster, of its sockets, and of the binaries."""
        binaries = postgres_bin()
        if identity.owner is None:
            return self._folder.postgres / "data", self._folder.run, binaries
        home = identities.outside_home(identity, self._folder.postgres)
        return home / "data", home / "run", identities.reachable_bin(binaries)

    async def _clear_leftovers(self, data: Path, sockets: Path) -> None:
        leftovers = [
            leftover
            for place in (data, _unfinished(data))
            for leftover in processes_in(place, ["postgres"])
        ]
        survivors = await stop_all(leftovers, _STOP_LEFTOVER)
        if survivors:
            numbers = ", ".join(str(process.pid) for process in survivors)
            raise EngineError(f"a PostgreSQL of an earlier run will not stop: pid {numbers}")
        _remove_stale_files(data, sockets)

    async def _initialise(
        self,
        data: Path,
        scratch: Path,
        binaries: Path,
        identity: Identity,
    ) -> None:
        """Run initdb beside the final place, so that a run cut short leaves no half a cluster."""
        fresh = _unfinished(data)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = scratch / "initdb.password"
        password.write_text(self._folder.secret(SUPERUSER_SECRET), encoding="ascii")
        password.chmod(0o600)
        if identity.owner is not None:
            os.chown(password, *identity.owner)
            os.chown(fresh, *identity.owner)
        log = self._folder.log("initdb")
        log.unlink(missing_ok=True)
        arguments = initdb_arguments(fresh, password, sync=self._durable)
        process = spawn(
            [str(binaries / "initdb"), *arguments],
            log=log,
            identity=identity.spec,
            env=_environment(),
        )
        try:
            await wait_for_exit(process, _INITDB_TIMEOUT_S)
        finally:
            await stop_child(process, ())
            password.unlink()
        if process.returncode != 0:
            raise EngineError(f"initdb failed ({process.returncode}):\n{tail(log)}")
        fresh.rename(data)

    async def _wait_until_ready(
        self,
        process: subprocess.Popen[bytes],
        data: Path,
        log: Path,
        since_bytes: int,
    ) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not _says_ready(data, process.pid):
            if process.poll() is not None:
                raise EngineError(
                    f"PostgreSQL ended with {process.returncode}:\n{tail(log, since_bytes)}",
                )
            if time.monotonic() >= deadline:
                raise EngineError(
                    f"PostgreSQL is not ready after {_START_TIMEOUT_S:g} s:\n"
                    f"{tail(log, since_bytes)}",
                )
            await asyncio.sleep(_READY_POLL_S)

    @property
    def process_id(self) -> ProcessId | None:
        """The running server, for the platform's record."""
        return None if self._process is None else ProcessId.of(self._process.pid)


@asynccontextmanager
async def running_postgres(
    folder: DataFolder,
    port: int = 0,
    *,
    durable: bool = True,
    options: Mapping[str, str] | None = None,
) -> AsyncIterator[PostgresServer]:
    """PostgreSQL on a locked data folder for the length of the block."""
    server = PostgresServer(folder, port, durable=durable, options=options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def _says_ready(data: Path, pid: int) -> bool:
    """Whether the server wrote into its pid file that it accepts connections."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return (
        len(lines) > _STATUS_LINE
        and lines[0] == str(pid)
        and lines[_STATUS_LINE].strip() == "ready"
    )


def _remove_stale_files(data: Path, sockets: Path) -> None:
    """Remove what names a server, once nothing works on the data.

    PostgreSQL would trust the number in them, which after a restart of the machine may belong to
    any process.
    """
    for stale in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)


def _usable(sockets: Path) -> Path | None:
    """The folder for sockets, or None where the path would be too long for the system."""
    longest = sockets / ".s.PGSQL.65535.lock"
    return sockets if len(os.fsencode(longest)) <= _SOCKET_PATH_BYTES_MAX else None


def _environment() -> dict[str, str]:
    # The operator's PG* settings are meant for other servers.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _unfinished(data: Path) -> Path:
    return data.with_name(data.name + ".new")
