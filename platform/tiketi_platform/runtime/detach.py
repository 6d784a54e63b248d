"""Starts a platform that outlives the command that asked for it, and stops one by its folder.

`detach` returns once the platform says it is ready; `stop_platform` once nothing of it is left.
Neither signals a process it cannot tell to be the platform's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.process import (
    ProcessId,
    Step,
    processes_in,
    stop_all,
    tail,
)
from tiketi_platform.runtime.errors import (
    ChildError,
    FolderInUseError,
    RecordError,
    StillRunningError,
)
from tiketi_platform.runtime.readiness import wait_until_ready
from tiketi_platform.runtime.record import PlatformRecord

LOG_NAME: Final = "platform"
START_TIMEOUT_S: Final = 90.0
STOP_TIMEOUT_S: Final = 30.0
"""Longer than all drains and engine stops of a healthy platform together."""
_POLL_S: Final = 0.02
_ENGINE_NAMES: Final = ("postgres", "valkey-server")
_STOP_ENGINE: Final = (Step(signal.SIGINT, 5.0), Step(signal.SIGQUIT, 3.0))
_STOP_CHILD: Final = (Step(signal.SIGTERM, 5.0),)


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stop went."""

    was_running: bool
    """Whether a platform owned the folder."""
    was_killed: bool
    """Whether it had to be killed because it did not end in time."""
    leftovers_count: int
    """Processes without a platform that were found and ended."""


async def detach(
    folder: DataFolder,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    ready_urls: Sequence[str] = (),
    timeout_s: float = START_TIMEOUT_S,
) -> PlatformRecord:
    """Start `argv` in a session of its own and wait until its record says ready.

    Its output goes to `logs/platform.log`. Raises `FolderInUseError`, or `ChildError` with the end
    of that log when it ends early or is not ready in time; it does not run then.
    """
    owner = folder.owner()
    if owner is not None:
        raise FolderInUseError(f"a platform (pid {owner.pid}) already works on {folder.path}")
    folder.remove_record()
    log = folder.log(LOG_NAME)
    since_bytes = log.stat().st_size if log.exists() else 0
    pid = _spawn_apart(argv, {**os.environ, **(env or {})}, log)
    platform = ProcessId.of(pid)
    deadline = time.monotonic() + timeout_s

    def check() -> None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            raise ChildError(f"the platform ended with {code}:\n{tail(log, since_bytes)}")

    while (record := _ready_record(folder, pid)) is None and time.monotonic() < deadline:
        check()
        await asyncio.sleep(_POLL_S)
    if record is not None and await wait_until_ready(
        ready_urls,
        max(0.0, deadline - time.monotonic()),
        check=check,
    ):
        return record
    if platform is not None:
        await stop_all([platform], [Step(signal.SIGTERM, STOP_TIMEOUT_S)])
        _collect(pid)
    raise ChildError(f"not ready after {timeout_s:g} s:\n{tail(log, since_bytes)}")


async def stop_platform(path: Path, *, timeout_s: float = STOP_TIMEOUT_S) -> Stopped:
    """End the platform of the folder at `path` and everything left of an earlier one.

    Raises `StillRunningError` if something survived, or `FolderInUseError` if another platform
    took the folder meanwhile (it is left alone). Data stays.
    """
    folder = DataFolder.existing(path)
    if folder is None:
        return Stopped(was_running=False, was_killed=False, leftovers_count=0)
    record = _record_or_none(folder)
    owner = folder.owner()
    was_killed = owner is not None and not await _end(owner, timeout_s)
    if owner is not None:
        _collect(owner.pid)
    with folder.lock():
        leftovers = await _end_leftovers(folder, record)
        folder.remove_record()
    return Stopped(
        was_running=owner is not None,
        was_killed=was_killed,
        leftovers_count=leftovers,
    )


async def _end(owner: ProcessId, timeout_s: float) -> bool:
    """Whether it ended on SIGTERM in time; it is killed otherwise."""
    owner.send(signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while owner.is_alive():
        if time.monotonic() >= deadline:
            if await stop_all([owner], []):
                raise StillRunningError(f"pid {owner.pid} does not end, not even when killed")
            return False
        await asyncio.sleep(_POLL_S)
    return True


async def _end_leftovers(folder: DataFolder, record: PlatformRecord | None) -> int:
    engines = [
        engine
        for place in (folder.postgres / "data", folder.valkey)
        for engine in processes_in(place, _ENGINE_NAMES)
    ]
    known = {engine.pid for engine in engines}
    children = [
        child
        for child in (record.processes.values() if record else ())
        if child.pid not in known and child.is_alive()
    ]
    survivors = [
        *await stop_all(children, _STOP_CHILD),
        *await stop_all(engines, _STOP_ENGINE),
    ]
    if survivors:
        numbers = ", ".join(str(process.pid) for process in survivors)
        raise StillRunningError(f"these processes do not end, not even when killed: {numbers}")
    return len(children) + len(engines)


def _spawn_apart(argv: Sequence[str], env: Mapping[str, str], log: Path) -> int:
    # posix_spawn and not Popen, which would complain at exit that its child still runs.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        argv[0],
        list(argv),
        dict(env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _collect(pid: int) -> None:
    """Let the system forget a dead platform if this very process had started it."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _ready_record(folder: DataFolder, pid: int) -> PlatformRecord | None:
    record = _record_or_none(folder)
    if record is None or record.parent.pid != pid or record.state != "ready":
        return None
    return record


def _record_or_none(folder: DataFolder) -> PlatformRecord | None:
    try:
        return folder.read_record()
    except RecordError:
        # Stopping must work whatever the record says: the lock and the folders tell the rest.
        return None
