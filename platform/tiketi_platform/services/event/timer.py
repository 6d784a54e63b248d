"""One timer, aimed at the next moment at which some event's status changes; it polls nothing.

Every replica has one. Whichever comes first announces the change, the others find it done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tiketi_core.event.model import Settled
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import EventId
from tiketi_platform.framework.beside import Beside
from tiketi_platform.framework.telemetry import log

SLEEP_S_MAX: Final = 30.0
"""Looks at least so often: for a clock that was set, and a change nobody could tell us of."""
RETRY_S: Final = 0.5


class StatusTimer:
    """This process's timer."""

    def __init__(
        self,
        settle: Callable[[], Awaitable[Settled]],
        announced: Callable[[Sequence[EventId]], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`settle` announces what is due; `announced` hears which events' status it changed."""
        self._settle = settle
        self._announced = announced
        self._clock = clock
        self._look = asyncio.Event()
        self._running = Beside()

    def start(self) -> None:
        """Begin, with a look at what happened while nobody looked."""
        self._running.start(self._run())

    async def stop(self) -> None:
        """End."""
        await self._running.stop()

    def aim(self) -> None:
        """Some event's times are others than before: aim anew."""
        self._look.set()

    async def _run(self) -> None:
        while True:
            self._look.clear()
            wait_s = await self._round()
            try:
                async with asyncio.timeout(wait_s):
                    await self._look.wait()
            except TimeoutError:
                pass

    async def _round(self) -> float:
        """Announce what is due; how long it is until the next change."""
        try:
            settled = await self._settle()
            if settled.event_ids:
                await self._announced(settled.event_ids)
        except DomainError as error:
            log.warning("changes of status wait for the database: %s", error)
            return RETRY_S
        except Exception:  # noqa: BLE001  # a fault of ours must not stop the clock for good
            log.exception("the timer of statuses failed")
            return SLEEP_S_MAX
        if settled.next_at_ms is None:
            return SLEEP_S_MAX
        # Locked by another replica right now: it says it, we only look again.
        left_s = (settled.next_at_ms - self._clock.now_ms()) / 1000
        return min(max(left_s, 0.01), SLEEP_S_MAX)
