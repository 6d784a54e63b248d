"""Shows a stampede while it runs: a picture on a terminal, a line every few seconds in a pipe."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.errors import TiketiError
from tiketi_sdk.stampede.report.document import duration
from tiketi_sdk.stampede.report.terminal import spark
from tiketi_sdk.stampede.results import Progress

LINE_EVERY_S: Final = 3.0
_WIDTH: Final = 60
_SEATS_EVERY_S: Final = 1.0
_BANDS: Final = ("green", "blue", "yellow", "magenta", "bright_black")


class SeatWatch:
    """Asks the platform once a second how many seats are sold, as anybody could."""

    def __init__(self, client: Tiketi, event_id: int) -> None:
        self._client = client
        self._event_id = event_id
        self._over = threading.Event()
        self.sold_count = 0
        self.seats_count = 0

    @contextmanager
    def watching(self) -> Iterator["SeatWatch"]:
        """Until the block ends."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join(timeout=5.0)

    def _watch(self) -> None:
        while True:
            # A platform too busy to answer this has something better to do; the next look will tell.
            with suppress(TiketiError):
                self.look()
            if self._over.wait(_SEATS_EVERY_S):
                return

    def look(self) -> None:
        """Ask now. Raises the client's errors."""
        seats = self._client.seats.map(self._event_id)
        self.sold_count = seats.sold_count
        self.seats_count = seats.sold_count + seats.held_count + seats.available_count


class LiveView:
    """Told of each progress; draws it or says it."""

    def __init__(self, console: Console, seats: SeatWatch, *, users_count: int) -> None:
        self._console = console
        self._seats = seats
        self._users_count = users_count
        self._rates: deque[float] = deque(maxlen=_WIDTH)
        self._last: Progress | None = None
        self._said_s = 0.0

    @contextmanager
    def showing(self) -> Iterator[Callable[[Progress], None]]:
        """What to call with each progress, until the block ends."""
        if not self._console.is_terminal:
            yield self._say
            return
        with Live(console=self._console, refresh_per_second=8, transient=True) as live:

            def draw(at: Progress) -> None:
                self._note(at)
                live.update(self._picture(at))

            yield draw

    def _note(self, at: Progress) -> None:
        if self._last is not None and at.at_s > self._last.at_s:
            requests_count = at.requests_count - self._last.requests_count
            self._rates.append(requests_count / (at.at_s - self._last.at_s))
        self._last = at

    def _say(self, at: Progress) -> None:
        self._note(at)
        if time.monotonic() - self._said_s < LINE_EVERY_S:
            return
        self._said_s = time.monotonic()
        self._console.print(
            f"  {at.at_s:5.1f} s  arrived {at.arrived_count:,}  at the door {at.entering_count:,}  in line {at.waiting_count:,}  "
            f"buying {at.inside_count:,}  tickets {at.tickets_count:,}  too late {at.sold_out_count:,}  "
            f"seats sold {self._sold}  {self._rate:,.0f} requests/s  entering p99 "
            f"{duration(at.enter_ms[3])}  unexpected {at.unexpected_count:,}",
            highlight=False,
            soft_wrap=True,
        )

    def _picture(self, at: Progress) -> RenderableType:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", min_width=9)
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right")
        grid.add_row(
            "crowd", self._crowd(at), f"{at.arrived_count:,} of {self._users_count:,} arrived"
        )
        grid.add_row(
            "seats",
            self._bar(self._seats.sold_count, self._seats.seats_count),
            f"{self._sold} sold",
        )
        grid.add_row(
            "load", Text(spark(list(self._rates)), "cyan"), f"{self._rate:,.0f} requests/s"
        )
        p50, _, p95, p99, _ = (duration(each) for each in at.enter_ms)
        words = Text.assemble(
            (f"  {at.ticketed_count:,} with tickets", "green"),
            (f"   {at.inside_count:,} buying ({at.holding_count:,} hold seats)", "blue"),
            (f"   {at.waiting_count:,} in line", "yellow"),
            (f"   {at.entering_count:,} at the door", "magenta"),
            (f"   {at.sold_out_count:,} too late", "bright_black"),
        )
        times = Text(f"  entering p50 {p50} · p95 {p95} · p99 {p99}", "dim")
        if at.unexpected_count:
            times.append(f"   {at.unexpected_count:,} unexpected", "bold red")
        clock = Text(f"  {at.at_s:5.1f} s after the opening", "bold")
        return Group(clock, grid, words, times)

    def _crowd(self, at: Progress) -> Text:
        there = (at.ticketed_count, at.inside_count, at.waiting_count, at.entering_count)
        parts = (*there, max(0, at.arrived_count - sum(there)))
        text, done = Text(), 0
        for count, style in zip(parts, _BANDS, strict=True):
            width = min(_WIDTH - done, round(_WIDTH * count / self._users_count))
            text.append("█" * width, style)
            done += width
        return text.append("·" * (_WIDTH - done), "bright_black")

    @staticmethod
    def _bar(part: int, whole: int) -> Text:
        width = round(_WIDTH * part / whole) if whole else 0
        return Text.assemble(("█" * width, "green"), ("·" * (_WIDTH - width), "bright_black"))

    @property
    def _sold(self) -> str:
        return f"{self._seats.sold_count:,} / {self._seats.seats_count:,}"

    @property
    def _rate(self) -> float:
        return self._rates[-1] if self._rates else 0.0
