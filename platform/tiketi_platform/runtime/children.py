"""One child process of the platform, restarted when it dies, and given up when it keeps dying."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from tiketi_platform.runtime.engines.process import ProcessId, Step, spawn, stop_child, tail
from tiketi_platform.runtime.errors import ChildError

DEATHS_MAX: Final = 5
"""Deaths within `DEATHS_WINDOW_S` after which a child is given up."""
DEATHS_WINDOW_S: Final = 60.0
RESTART_DELAY_MIN_S: Final = 0.2
RESTART_DELAY_MAX_S: Final = 5.0
DRAIN_S: Final = 10.0
"""How long a child may take to finish its requests after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process to run."""

    name: str
    """Names its log, and its place in the platform's record."""
    argv: Sequence[str]
    """Command line; `argv[0]` is an absolute path."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of this process."""
    ready_url: str | None = None
    """Answers 200 once the child may be used; None: running is enough."""


class Runnable(Protocol):
    """What the supervisor keeps running: an engine, or a child made of one (`ChildProcess`)."""

    @property
    def name(self) -> str:
        """Names its log."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The process while it is started."""

    @property
    def process_id(self) -> ProcessId | None:
        """The living process."""

    async def start(self) -> None:
        """Start it; an engine is ready afterwards."""

    async def stop(self) -> None:
        """Stop it, or notice that it is dead."""


class ChildProcess:
    """A `Child` that can be started and stopped like an engine."""

    def __init__(self, child: Child, log: Path) -> None:
        """Prepare it; its output is appended to `log`."""
        self.child = child
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The child's name."""
        return self.child.name

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The process while it is started."""
        return self._process

    @property
    def process_id(self) -> ProcessId | None:
        """The living process."""
        return None if self._process is None else ProcessId.of(self._process.pid)

    async def start(self) -> None:
        """Start the process; it may not be ready yet."""
        assert self._process is None, "already started"
        self._process = spawn(
            self.child.argv,
            log=self._log,
            env={**os.environ, **self.child.env},
            # Without its parent nobody supervises it and its engines are going down as well.
            on_parent_death=signal.SIGKILL,
        )

    async def stop(self) -> None:
        """Let it drain, then end it."""
        process, self._process = self._process, None
        if process is not None:
            await stop_child(process, [Step(signal.SIGTERM, DRAIN_S)])


class Watched:
    """Counts the deaths of one runnable and says when it may start again."""

    def __init__(self, runnable: Runnable, log: Path) -> None:
        """Watch `runnable`, which has just been started."""
        self.runnable = runnable
        self.restart_at_s: float | None = None
        """Monotonic time of the next start; None while it runs."""
        self._log = log
        self._deaths: deque[float] = deque(maxlen=DEATHS_MAX)

    def exit_status(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        process = self.runnable.process
        return None if process is None else process.poll()

    def note_death(self) -> None:
        """Schedule the restart; raises `ChildError` if it has died too often."""
        now_s = time.monotonic()
        recent = [death for death in self._deaths if now_s - death < DEATHS_WINDOW_S]
        if len(recent) >= DEATHS_MAX:
            raise self.failure(f"died {len(recent) + 1} times within {DEATHS_WINDOW_S:g} s")
        self._deaths.append(now_s)
        self.restart_at_s = now_s + min(
            RESTART_DELAY_MIN_S * 2 ** len(recent),
            RESTART_DELAY_MAX_S,
        )

    def failure(self, what: str) -> ChildError:
        """The error that says what happened, where to read more, and the end of it."""
        return ChildError(f"{self.runnable.name} {what}; see {self._log}\n{tail(self._log)}")
