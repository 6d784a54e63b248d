"""Keeps the processes of one platform running and stops them in order. Starts no service itself.

Engines and children are added in the order they depend on each other; they stop in the opposite
order. One that dies is started again, slower each time; one that keeps dying ends the platform.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from tiketi_platform.runtime import log_files
from tiketi_platform.runtime.children import Child, ChildProcess, Runnable, Watched
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.process import ProcessId
from tiketi_platform.runtime.errors import LaunchError
from tiketi_platform.runtime.readiness import wait_until_ready

READY_TIMEOUT_S: Final = 60.0
_WATCH_S: Final = 0.1
_LOGS_S: Final = 10.0

_log = logging.getLogger(__name__)


class Supervisor:
    """The processes of one data folder; an async context that stops them all at its end."""

    def __init__(
        self,
        folder: DataFolder,
        *,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """`on_change` is called whenever `processes` has changed (to renew the record)."""
        self._folder = folder
        self._on_change = on_change
        self._groups: list[list[Watched]] = []

    @property
    def processes(self) -> dict[str, ProcessId]:
        """Name → living process."""
        return {
            watched.runnable.name: process_id
            for group in self._groups
            for watched in group
            if (process_id := watched.runnable.process_id) is not None
        }

    async def add_engines(self, *engines: Runnable) -> None:
        """Start engines together; all are ready afterwards, or none runs and the error is raised."""
        self._groups.append([self._watch(engine) for engine in engines])
        results = await asyncio.gather(
            *(engine.start() for engine in engines),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._changed()

    async def add_children(
        self,
        children: Sequence[Child],
        *,
        ready_timeout_s: float = READY_TIMEOUT_S,
    ) -> None:
        """Start children together and wait until all are ready; raises `ChildError`."""
        group = [
            self._watch(ChildProcess(child, self._folder.log(child.name))) for child in children
        ]
        self._groups.append(group)
        for watched in group:
            await watched.runnable.start()
        self._changed()

        def check() -> None:
            for watched in group:
                status = watched.exit_status()
                if status is not None:
                    raise watched.failure(f"ended with {status} before it was ready")

        urls = [child.ready_url for child in children if child.ready_url is not None]
        if not await wait_until_ready(urls, ready_timeout_s, check=check):
            names = ", ".join(child.name for child in children)
            raise LaunchError(
                f"not ready after {ready_timeout_s:g} s: one of {names};"
                f" see the logs in {self._folder.logs}",
            )

    async def run_until(self, stop: asyncio.Event) -> None:
        """Watch over all until `stop` is set; raises `ChildError` if one keeps dying."""
        logs_at_s = time.monotonic()
        while not stop.is_set():
            for group in self._groups:
                for watched in group:
                    await self._look_at(watched)
            if time.monotonic() >= logs_at_s:
                logs_at_s = time.monotonic() + _LOGS_S
                await asyncio.to_thread(log_files.bound_all, self._folder.logs)
            try:
                async with asyncio.timeout(_WATCH_S):
                    await stop.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Stop what was added last first, each group together; nothing happens the second time."""
        while self._groups:
            group = self._groups.pop()
            await asyncio.gather(*(watched.runnable.stop() for watched in group))

    async def __aenter__(self) -> Self:
        """Nothing to prepare."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, whatever happened inside."""
        await self.stop()

    def _watch(self, runnable: Runnable) -> Watched:
        return Watched(runnable, self._folder.log(runnable.name))

    async def _look_at(self, watched: Watched) -> None:
        name = watched.runnable.name
        if watched.restart_at_s is None:
            status = watched.exit_status()
            if status is None:
                return
            watched.note_death()
            _log.warning("%s ended with %s, starting it again", name, status)
            # Collects what is left of it; an engine's helpers may outlive it for a moment.
            await watched.runnable.stop()
        elif time.monotonic() >= watched.restart_at_s:
            watched.restart_at_s = None
            try:
                await watched.runnable.start()
            except LaunchError as error:
                _log.warning("%s did not start: %s", name, error)
                watched.note_death()
            self._changed()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()
