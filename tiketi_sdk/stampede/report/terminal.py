"""The report for a terminal or a pipe, as one rich renderable; the numbers are those of the page."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tiketi_sdk.stampede.report.document import OUTCOMES, Document, duration, rates
from tiketi_sdk.stampede.results import Results

_BLOCKS = " ▁▂▃▄▅▆▇█"
_SPARK_WIDTH = 60


def terminal(document: Document) -> RenderableType:
    """Everything worth saying in a screen or two."""
    parts: list[RenderableType] = [
        _over_time(document),
        _outcomes(document.results),
        _times(document.results),
    ]
    if document.audit is not None:
        parts.append(_audit(document))
    parts.append(_trust(document))
    return Group(*(each for part in parts for each in (part, Text(""))))


def spark(values: Sequence[float], width: int = _SPARK_WIDTH) -> str:
    """Values as blocks of eight heights, averaged to fit; the highest is full."""
    if not values:
        return ""
    width = min(width, len(values))
    means = []
    for place in range(width):
        first, last = place * len(values) // width, (place + 1) * len(values) // width
        piece = values[first : max(last, first + 1)]
        means.append(sum(piece) / len(piece))
    most = max(means) or 1.0
    return "".join(_BLOCKS[max(0, min(8, round(8 * each / most)))] for each in means)


def _over_time(document: Document) -> Table:
    timeline = document.results.timeline
    table = _table(f"Over {document.results.duration_s:.1f} s")
    table.add_column("")
    table.add_column("", style="cyan", no_wrap=True)
    table.add_column("most", justify="right")
    shown = {
        "in line": [float(each.waiting_count) for each in timeline],
        "buying": [float(each.inside_count) for each in timeline],
        "tickets": [float(each.tickets_count) for each in timeline],
        "requests/s": [rate for _, rate in rates(timeline)],
    }
    for name, values in shown.items():
        table.add_row(name, spark(values), f"{max([*values, 0.0]):,.0f}")
    return table


def _outcomes(results: Results) -> Table:
    table = _table("How it ended")
    table.add_column("people who")
    table.add_column("count", justify="right")
    for name, count in sorted(results.outcomes.items(), key=lambda pair: -pair[1]):
        bad = name in {"failed", "unfinished"}
        table.add_row(OUTCOMES.get(name, name), f"{count:,}", style="red" if bad else "")
    return table


def _times(results: Results) -> Table:
    table = _table("Times")
    table.add_column("step")
    for name in ("count", "p50", "p90", "p99", "max"):
        table.add_column(name, justify="right", no_wrap=True)
    names = {
        "waiting": "arrival → admitted",
        "waiting_polling": "… told by polling",
        "waiting_socket": "… told by socket",
        "ticket": "arrival → ticket",
        "confirming": "paid → confirmed",
    }
    for step in (*results.felt, *results.steps):
        p50, p90, _, p99, most = (duration(each) for each in step.percentiles_ms)
        table.add_row(
            names.get(step.name, step.name), f"{step.count:,}", p50, p90, p99, most,
            style="bold" if step.name in names else "",
        )  # fmt: skip
    return table


def _audit(document: Document) -> Table:
    assert document.audit is not None, "asked for where there is one"
    table = _table("Audit")
    table.add_column("check")
    table.add_column("promise", overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("")
    for check in document.audit["checks"]:
        found = "\n".join(each["summary"] for each in check["findings"][:5])
        passed = check["passed"]
        table.add_row(
            check["name"],
            check["promise"] if passed else f"{check['promise']}\n{found}",
            f"{check['rows_count']:,}",
            Text("✓", "green") if passed else Text(f"✕ {len(check['findings'])}", "bold red"),
        )
    return table


def _trust(document: Document) -> Text:
    results, health = document.results, document.results.health
    text = Text()
    for reason in document.doubts:
        text.append(f"not trusted: {reason}\n", "bold red")
    if not document.settled:
        text.append("not settled: the audit has not seen the end of what was under way\n", "red")
    for name, codes in results.unexpected.items():
        told = ", ".join(f"{code} {count:,}" for code, count in codes.items())
        text.append(f"unexpected: {name}: {told}\n", "red")
    for sample in results.samples[:5]:
        text.append(f"  {sample}\n", "red")
    text.append(
        f"{results.last.requests_count:,} requests, {results.requests_per_s:,.0f}/s; "
        f"{results.last.retries_count:,} tried again; the generator started visits late by p99 "
        f"{duration(health.late_ms[3])}, its loop lagged p99 {duration(health.lag_ms[3])}, "
        f"{health.cpu_percent:.0f} % of a core",
        "dim",
    )
    return text


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
