"""Watches the generator itself: how late its loop is and how much of a core it burns. Changes nothing."""

import time
from collections.abc import Callable
from typing import Final

from tiketi_sdk.stampede.results import Health
from tiketi_sdk.stampede.tally import Tally, Times

NAP_S: Final = 0.02


class Pulse:
    """Sleeps briefly, again and again, and notes how late it wakes: that is how late everything is."""

    def __init__(self, sleep: Callable[[float], object]) -> None:
        self._sleep = sleep
        self._lag = Times()
        self._cpu_percent: list[float] = []
        self._mark = (time.perf_counter(), time.process_time())

    def beat(self) -> None:
        """For ever; run it in a greenlet of its own."""
        while True:
            began_s = time.perf_counter()
            self._sleep(NAP_S)
            self._lag.note(max(0.0, time.perf_counter() - began_s - NAP_S))

    def measure(self) -> None:
        """Note the CPU burnt since the last time."""
        now_s, burnt_s = time.perf_counter(), time.process_time()
        before_s, before_burnt_s = self._mark
        if now_s > before_s:
            self._cpu_percent.append(100 * (burnt_s - before_burnt_s) / (now_s - before_s))
        self._mark = (now_s, burnt_s)

    def report(self, tally: Tally) -> Health:
        """The whole run."""
        shares = self._cpu_percent or [0.0]
        return Health(
            late_ms=tally.late.percentiles_ms(),
            lag_ms=self._lag.percentiles_ms(),
            cpu_percent=round(sum(shares) / len(shares), 1),
            cpu_busiest_percent=round(max(shares), 1),
            crashes=tuple(f"{count} × {what}" for what, count in tally.crashes.most_common(10)),
            local_errors_count=tally.local_errors_count,
        )
