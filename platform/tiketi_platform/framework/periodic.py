"""Runs background work round after round, never two rounds at once, and stops it in an orderly way."""

import asyncio
import random
from collections.abc import Sequence

from tiketi_platform.framework.spec import Task
from tiketi_platform.framework.telemetry import Metrics, log


class Periodic:
    """The background tasks of one service."""

    def __init__(self, service: str, tasks: Sequence[Task], metrics: Metrics) -> None:
        self._service = service
        self._tasks = tasks
        self._metrics = metrics
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; each task's first round comes at once."""
        self._running = [
            asyncio.create_task(self._rounds(task), name=f"{self._service}:{task.name}")
            for task in self._tasks
        ]

    async def stop(self) -> None:
        """End: a round under way is cancelled, and what it had not committed is undone by its store."""
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _rounds(self, task: Task) -> None:
        while True:
            try:
                await task.work()
            except Exception:  # noqa: BLE001  # logged and counted; the next round may find the store back
                self._metrics.task_failures.labels(self._service, task.name).inc()
                log.exception(
                    "background work failed", extra={"service": self._service, "task": task.name}
                )
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311  # spreads replicas, guards nothing
            await asyncio.sleep(task.every_s)
