"""A waiting room as a person reads it at a glance: numbers, a bar, how it went lately. Asks nobody anything."""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from tiketi_cli.output import STYLES, plain
from tiketi_cli.text import clock, lasting, when

if TYPE_CHECKING:
    from tiketi_sdk.contract.queue import Stats
    from tiketi_sdk.realtime import Update

SAMPLES_MAX: Final = 48
BAR_WIDTH: Final = 32
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_NAME_WIDTH: Final = 10

Pieces = list[tuple[str, str]]
"""One line: texts with their styles."""


def sparkline(samples: "deque[float]") -> str:
    """The samples as heights between the lowest and the highest; flat when they are all the same."""
    if not samples:
        return ""
    low, high = min(samples), max(samples)
    if high == low:
        return (_LEVELS[0] if high == 0 else _LEVELS[3]) * len(samples)
    steps = len(_LEVELS) - 1
    return "".join(_LEVELS[round((each - low) / (high - low) * steps)] for each in samples)


def bar(share: float) -> str:
    """A share from 0 to 1."""
    full = round(max(0.0, min(1.0, share)) * BAR_WIDTH)
    return "█" * full + "░" * (BAR_WIDTH - full)


class RoomView:
    """What was told so far of one room."""

    def __init__(self, event_id: int, title: str = "") -> None:
        """`title`: the event's, where it is known."""
        self._event_id = event_id
        self._title = title
        self._update: Update | None = None
        self._stats: Stats | None = None
        self._first_position: int | None = None
        self._waiting: deque[float] = deque(maxlen=SAMPLES_MAX)
        self._pace: deque[float] = deque(maxlen=SAMPLES_MAX)

    def take(self, update: "Update", stats: "Stats | None" = None) -> None:
        """The newest."""
        self._update = update
        self._stats = stats or self._stats
        if update.position is not None and self._first_position is None:
            self._first_position = update.position
        if update.line is not None and update.kind == "line":
            self._waiting.append(update.line.waiting_count)
            self._pace.append(update.line.pace_per_s)

    # --- for programs -----------------------------------------------------------------------

    def data(self) -> Mapping[str, Any]:
        """One flat JSON object; a place comes with its own fields."""
        update = self._update
        assert update is not None, "nothing was told yet"
        told: dict[str, Any] = {"kind": update.kind, "live": update.live}
        for struct in (update.line, self._stats, update.place):
            if struct is not None:
                told.update({k: v for k, v in plain(struct).items() if v is not None})
        if update.line is not None and update.place is not None:
            told["room_state"] = update.line.state  # `state` is the place's
        told["event_id"] = self._event_id
        if update.position is not None:
            told |= {"position": update.position, "eta_s": update.eta_s}
        return told

    # --- for people -------------------------------------------------------------------------

    def text(self) -> str:
        """One plain line, for logs and pipes."""
        return "  ".join(f"{name} {value}" for name, value in self._facts())

    def lines(self) -> list[Pieces]:
        """The picture."""
        update = self._update
        if update is None:
            return [[("connecting…", "dim")]]
        line = update.line
        title: Pieces = [(f"event {self._event_id}", "" if self._title else "bold")]
        if self._title:
            title = [(self._title, "bold"), ("  ", ""), *title]
        if line is not None:
            title += [("  ", ""), (line.state, STYLES.get(line.state, ""))]
        title += [("  ", ""), ("live" if update.live else "polling", "dim")]
        drawn = [title, []]
        if update.place is not None and update.place.state != "admitted":
            drawn += [*self._own_lines(update), []]
        for name, value in self._facts(own=False):
            picture = self._picture_of(name)
            drawn.append(
                [(f"{name:<{_NAME_WIDTH}}", "dim"), (f"{value:<18}", ""), (picture, "cyan")]
            )
        return [*drawn, [], self._footer()]

    def _footer(self) -> Pieces:
        line = self._update.line if self._update is not None else None
        counted = f"counted at {clock(line.at_ms)} · " if line is not None else ""
        return [(f"{counted}Ctrl-C ends the picture, not the line", "dim")]

    def _own_lines(self, update: "Update") -> list[Pieces]:
        if update.position is None:
            opens = when(update.place.opens_at) if update.place is not None else "–"
            return [[("you take part in the draw at ", ""), (opens, "bold")]]
        first = self._first_position or update.position
        share = 1 - (update.position - 1) / max(1, first)
        eta = f"about {lasting(update.eta_s)}" if update.eta_s is not None else "no pace yet"
        return [
            [("your place ", ""), (f"{update.position:,}", "bold"), (f"   {eta}", "")],
            [(bar(share), "green")],
        ]

    def _picture_of(self, name: str) -> str:
        line = self._update.line if self._update is not None else None
        if name == "waiting" and self._waiting:
            return f"{sparkline(self._waiting)}  most {max(self._waiting):,.0f}"
        if name == "pace" and self._pace:
            return f"{sparkline(self._pace)}  most {max(self._pace):.1f}/s"
        if name == "inside" and line is not None:
            return bar(line.inside_count / line.capacity if line.capacity else 0.0)
        return ""

    def _facts(self, *, own: bool = True) -> list[tuple[str, str]]:
        update, facts = self._update, []
        assert update is not None, "nothing was told yet"
        line, place, stats = update.line, update.place, self._stats
        if own and update.kind in {"admitted", "gone"}:
            facts.append(("you are", "in" if update.kind == "admitted" else "out"))
        elif own and update.position is not None:
            facts.append(("place", f"{update.position:,}"))
        elif own and place is not None and place.state == "gathered":
            facts.append(("draw at", when(place.opens_at)))
        if own and line is not None and line.state != "open":
            facts.append(("room", line.state))
        if line is not None:
            facts += [
                ("waiting", f"{line.waiting_count:,}"),
                ("pace", f"{line.pace_per_s:.1f}/s"),
                ("inside", f"{line.inside_count:,} of {line.capacity:,}"),
                ("admitted", f"{line.admitted_total:,}"),
            ]
        elif place is not None:
            facts.append(("waiting", f"{place.waiting_count:,}"))
        if own and update.eta_s is not None:
            facts.append(("about", lasting(update.eta_s)))
        elif line is not None and place is None and line.waiting_count:
            empty_in_s = line.eta_s(line.waiting_count)
            if empty_in_s is not None:
                facts.append(("empty in", f"about {lasting(empty_in_s)}"))
        return facts if stats is None else facts + _counted(stats)


def _counted(stats: "Stats") -> list[tuple[str, str]]:
    """What only administrators are told of a room."""
    facts = []
    if stats.hushed:
        facts.append(("held", "nobody in line is heard"))
    if stats.draw == "gathering":
        facts.append(("draw at", when(stats.opens_at)))
    return [
        *facts,
        ("left", f"{stats.left_total:,}"),
        ("expired", f"{stats.expired_total:,}"),
        ("gave up", f"{stats.gave_up_total:,}"),
        ("skipped", f"{stats.skipped_total:,}"),
        ("promises", f"{stats.promises_kept_total:,} of {stats.promises_total:,} kept"),
    ]
