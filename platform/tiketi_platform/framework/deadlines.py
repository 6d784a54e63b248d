"""Ends requests that take too long, with one timer for all of them; a timer each costs more than it guards."""

import asyncio
from types import TracebackType
from typing import Final

SWEEP_S: Final = 0.5
"""How much longer than its limit a request may take before it is noticed."""


class Deadlines:
    """`with deadlines:` around a task's work raises TimeoutError there when `limit_s` has passed.

    Bound to the loop of its first use.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._deadline_of: dict[asyncio.Task[object], float] = {}
        self._expired: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> None:
        # Asked once: in Python 3.11 each look for the running loop is a system call (getpid).
        loop = self._loop or asyncio.get_running_loop()
        self._loop = loop
        task = asyncio.current_task(loop)
        assert task is not None, "requests run in tasks"
        self._deadline_of[task] = loop.time() + self._limit_s
        if self._timer is None:
            self._timer = loop.call_later(SWEEP_S, self._sweep, loop)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task = asyncio.current_task(self._loop)
        assert task is not None, "requests run in tasks"
        del self._deadline_of[task]
        if task in self._expired:
            self._expired.discard(task)
            # Our own cancellation becomes a time-out; somebody else's, on top of it, stays one.
            if task.uncancel() == 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        for task, deadline_s in self._deadline_of.items():
            if deadline_s <= now_s and task not in self._expired:
                self._expired.add(task)
                task.cancel()
        # Stops by itself when nothing runs, so that an idle process sleeps.
        self._timer = loop.call_later(SWEEP_S, self._sweep, loop) if self._deadline_of else None
