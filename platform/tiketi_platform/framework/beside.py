"""One piece of work that goes on beside the requests; it neither repeats nor mends what fails."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Beside:
    """At most one task, from `start` to `stop`."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @property
    def is_started(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._task is not None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin in the loop that runs."""
        assert self._task is None, "it is stopped before it begins again"
        self._task = asyncio.get_running_loop().create_task(work)

    async def stop(self) -> None:
        """Cancel it and wait until it has gone; nothing happens where nothing runs."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
