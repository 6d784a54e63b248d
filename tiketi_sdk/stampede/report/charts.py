"""Draws the charts of a report as inline SVG; colours come from the page's classes. Reads no results."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HALF, HEIGHT = 960, 480, 270
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 34
_ROW = 30
_NAMES = 168
_ROW_RIGHT = 96

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one band."""

    name: str
    style: str
    """The class of its colour: `c1` …."""
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to pixels, along one axis."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        span = (self.high - self.low) or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)


def ticks(high: float, count: int = 5) -> list[float]:
    """Round values from 0 to `high`, about `count` of them."""
    if high <= 0:
        return [0.0]
    rough = high / count
    unit = 10 ** math.floor(math.log10(rough))
    step = next(each * unit for each in (1, 2, 2.5, 5, 10) if each * unit >= rough)
    return [step * n for n in range(int(high / step + 1e-9) + 1)]


def stacked(title: str, series: Sequence[Series], *, total: float, x_label: str) -> str:
    """Bands on top of each other; all series share their x values."""
    xs = [x for x, _ in series[0].points]
    across = Scale(0, max([*xs, 1e-9]), LEFT, WIDTH - RIGHT)
    up = Scale(0, total or 1, HEIGHT - BOTTOM, TOP)
    body = _grid(across, up, x_label)
    floor = [0.0] * len(xs)
    for each in series:
        roof = [low + y for low, (_, y) in zip(floor, each.points, strict=True)]
        edge = [*zip(xs, roof, strict=True), *reversed(list(zip(xs, floor, strict=True)))]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in edge)
        body.append(
            f'<polygon class="{each.style} band" points="{path}"><title>{escape(each.name)}</title></polygon>'
        )
        floor = roof
    return _svg(title, body)


def lines(
    title: str, series: Sequence[Series], *, x_label: str, ceiling: float | None = None,
    x_high: float | None = None, filled: bool = False, width: float = WIDTH,
) -> str:  # fmt: skip
    """Lines over a common axis; `ceiling` draws a dashed limit, `filled` shades below the first line."""
    points = [point for each in series for point in each.points]
    most = max([y for _, y in points] + [ceiling or 0.0, 1e-9])
    across = Scale(0, x_high or max([x for x, _ in points] + [1e-9]), LEFT, width - RIGHT)
    up = Scale(0, most * 1.06, HEIGHT - BOTTOM, TOP)
    body = _grid(across, up, x_label, width)
    if ceiling is not None:
        y = up(ceiling)
        body.append(
            f'<line class="limit" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        body.append(f'<text class="end" x="{width - RIGHT}" y="{y - 5:.1f}">{ceiling:,.0f}</text>')
    for number, each in enumerate(series):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in each.points)
        if filled and number == 0 and each.points:
            first, last = across(each.points[0][0]), across(each.points[-1][0])
            foot = f"{last:.1f},{up(0):.1f} {first:.1f},{up(0):.1f}"
            body.append(f'<polygon class="{each.style} wash" points="{path} {foot}"/>')
        body.append(
            f'<polyline class="{each.style} stroke" points="{path}"><title>{escape(each.name)}</title></polyline>'
        )
    return _svg(title, body, width=width)


@dataclass(frozen=True, slots=True)
class Range:
    """One row of `ranges`."""

    name: str
    low: float
    middle: float
    high: float
    most: float
    text: str


def ranges(title: str, rows: Sequence[Range]) -> str:
    """A bar from low to high on a logarithmic axis for each row, its middle marked, the most as a dot."""
    height = TOP + _ROW * len(rows) + BOTTOM
    low = 10 ** math.floor(math.log10(max(0.1, min(row.low for row in rows))))
    high = 10 ** math.ceil(math.log10(max(row.most for row in rows) * 1.0001))
    across = Scale(math.log10(low), math.log10(high), _NAMES, WIDTH - _ROW_RIGHT)
    body: list[str] = []
    value = low
    while value <= high * 1.001:
        x = across(math.log10(value))
        body.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        )
        body.append(
            f'<text class="mid" x="{x:.1f}" y="{height - BOTTOM + 18}">{_time(value)}</text>'
        )
        value *= 10
    for number, row in enumerate(rows):
        y = TOP + _ROW * number + _ROW / 2
        left, middle, right, dot = (
            across(math.log10(max(low, each))) for each in (row.low, row.middle, row.high, row.most)
        )
        body.append(
            f"<g><title>{escape(row.name)}: {escape(row.text)}</title>"
            f'<text class="name" x="{_NAMES - 12}" y="{y + 4:.1f}">{escape(row.name)}</text>'
            f'<line class="whisker" x1="{right:.1f}" x2="{dot:.1f}" y1="{y}" y2="{y}"/>'
            f'<rect class="c2 band" x="{left:.1f}" y="{y - 7}" width="{max(3.0, right - left):.1f}" height="14" rx="4"/>'
            f'<rect class="mark" x="{middle - 1.5:.1f}" y="{y - 9}" width="3" height="18" rx="1.5"/>'
            f'<circle class="dot" cx="{dot:.1f}" cy="{y}" r="3.5"/>'
            f'<text class="value" x="{WIDTH - _ROW_RIGHT + 12}" y="{y + 4:.1f}">{escape(row.text)}</text></g>'
        )
    return _svg(title, body, height=height)


def legend(series: Iterable[tuple[str, str]]) -> str:
    """Names with their colours; pairs of class and name."""
    keys = "".join(
        f'<li><span class="key {style}"></span>{escape(name)}</li>' for style, name in series
    )
    return f'<ul class="legend">{keys}</ul>'


def _grid(across: Scale, up: Scale, x_label: str, width: float = WIDTH) -> list[str]:
    body: list[str] = []
    for value in ticks(up.high):
        y = up(value)
        body.append(
            f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        body.append(f'<text class="end" x="{LEFT - 8}" y="{y + 4:.1f}">{_plain(value)}</text>')
    body.extend(
        f'<text class="mid" x="{across(value):.1f}" y="{HEIGHT - BOTTOM + 18}">{_plain(value)}{x_label}</text>'
        for value in ticks(across.high, 8 if width == WIDTH else 5)
    )
    return body


def _svg(title: str, body: Sequence[str], *, height: float = HEIGHT, width: float = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(body)}</svg>"
    )


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _time(milliseconds: float) -> str:
    return f"{milliseconds / 1_000:g} s" if milliseconds >= 1_000 else f"{milliseconds:g} ms"
