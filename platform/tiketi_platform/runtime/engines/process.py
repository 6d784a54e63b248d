"""Starts processes that die with us, stops them step by step, and finds what an earlier run left.

Never signals a process by number alone: a recorded process is compared by its creation time, and
a leftover engine is recognised by its name and working folder.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_TRAMPOLINE: Final = str(Path(__file__).with_name("trampoline.py"))
_POLL_S: Final = 0.01
_CREATED_TOLERANCE_S: Final = 2.0
"""The system derives creation times from the clock, which is adjusted now and then."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process of this machine, told apart from a later one with the same number."""

    pid: int
    created_s: float
    """Seconds since the epoch, as the operating system reports them."""

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The living process with this number, or None."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    @classmethod
    def this(cls) -> ProcessId:
        """The calling process."""
        process = psutil.Process()
        return cls(process.pid, process.create_time())

    def is_alive(self) -> bool:
        """Whether this very process runs (a zombie does not)."""
        process = self._process()
        try:
            return process is not None and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def send(self, number: signal.Signals) -> None:
        """Signal it if it still lives; silently nothing otherwise."""
        if self._process() is None:
            return
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_s) < _CREATED_TOLERANCE_S
        except psutil.Error:
            return None
        return process if same else None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a stop: the signal, and how long to wait for its effect."""

    signal: signal.Signals
    wait_s: float


KILL: Final = Step(signal.SIGKILL, 5.0)


def trampoline(identity: str, number: int, argv: Sequence[str]) -> list[str]:
    """The command line that becomes `argv` under `identity` and dies with this process."""
    return [
        *(sys.executable, "-I", "-S", _TRAMPOLINE),
        *(str(os.getpid()), str(number), identity),
        *argv,
    ]


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    identity: str = "self",
    on_parent_death: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `argv` in its own session with both outputs appended to `log`.

    On Linux the kernel sends `on_parent_death` when the *thread* that called this ends, so call it
    from the main thread or one that lives as long as the child. `argv[0]` is an absolute path.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            trampoline(identity, on_parent_death, argv),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=None if env is None else dict(env),
            cwd=cwd,
            # Ctrl-C at a terminal must reach the platform only: it stops its children in order.
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


async def wait_for_exit(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Whether the child ended within the time; its status is collected."""
    deadline = time.monotonic() + timeout_s
    while process.poll() is None:
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_S)
    return True


async def stop_child(process: subprocess.Popen[bytes], steps: Sequence[Step]) -> bool:
    """Stop our own child by the steps, then by SIGKILL; True if the first step was enough."""
    for position, step in enumerate([*steps, KILL]):
        if process.poll() is not None:
            return position <= 1
        process.send_signal(step.signal)
        if await wait_for_exit(process, step.wait_s):
            return position == 0
    return False


def processes_in(folder: Path, names: Iterable[str]) -> list[ProcessId]:
    """Living processes with one of these names that work in `folder`; engines chdir there."""
    wanted = frozenset(names)
    real = os.path.realpath(folder)
    found: list[ProcessId] = []
    for process in psutil.process_iter():
        try:
            if process.name() in wanted and process.cwd() == real:
                found.append(ProcessId(process.pid, process.create_time()))
        except psutil.Error:
            # Gone meanwhile, or another user's: neither is a leftover of ours.
            continue
    return found


async def stop_all(targets: Sequence[ProcessId], steps: Sequence[Step]) -> list[ProcessId]:
    """Stop processes that are not our children; the ones that survived even SIGKILL."""
    alive = [target for target in targets if target.is_alive()]
    for step in [*steps, KILL]:
        for target in alive:
            target.send(step.signal)
            # A suspended process acts on a signal only once it goes on.
            target.send(signal.SIGCONT)
        deadline = time.monotonic() + step.wait_s
        while alive and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_S)
            alive = [target for target in alive if target.is_alive()]
        if not alive:
            break
    return alive


def tail(log: Path, since_bytes: int = 0, *, lines_max: int = 12) -> str:
    """The last lines written to `log` after an offset; empty if there are none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since_bytes if since_bytes <= size else 0, size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines_max:])
