"""The report as one HTML file without anything from outside: no script, no font, no image, no link."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files

from tiketi_sdk.stampede.report import charts
from tiketi_sdk.stampede.report.charts import Range, Series
from tiketi_sdk.stampede.report.document import OUTCOMES, Document, duration, rates
from tiketi_sdk.stampede.results import Progress, Results, Step

_COLOUR = {"ticket": "c3", "sold_out": "c4", "gave_up": "c1"}
_CROWD = (
    ("c3", "with tickets"),
    ("c2", "buying"),
    ("c1", "in line"),
    ("c5", "at the door"),
    ("c4", "gone without"),
)
_FELT = {
    "waiting": ("c1", "until admitted"),
    "ticket": ("c3", "until the ticket is in hand"),
}


def page(document: Document) -> str:
    """The whole file, in UTF-8."""
    style = files("tiketi_sdk.stampede.report").joinpath("page.css").read_text("utf-8")
    body = "".join(
        (
            _head(document),
            _tiles(document),
            _crowd(document.results),
            f'<div class="pair">{_seats(document)}{_requests(document.results)}</div>',
            f'<div class="pair">{_felt(document.results)}{_outcomes(document.results)}</div>',
            _times(document.results),
            _audit(document),
            _generator(document),
            _foot(document),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(document.title)} · stampede</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _head(document: Document) -> str:
    plan = document.plan
    came = (
        "all in the same instant" if not plan.arrive_within_s
        else f"within {plan.arrive_within_s:g} seconds"
    )  # fmt: skip
    bad = [f"Not trusted: {reason}" for reason in document.doubts]
    if document.results.unexpected_count:
        bad.append(f"{document.results.unexpected_count:,} answers that nobody expected")
    if document.findings_count:
        bad.append(f"the audit found {document.findings_count:,} things that must not be")
    if not document.settled:
        bad.append("something was under way all the time: the audit has not seen the end")
    reasons = f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in bad)}</ul>" if bad else ""
    mark = "✕" if bad else "✓"
    return (
        f"<header><h1>{escape(document.title)}</h1><p>{plan.users_count:,} people for "
        f"{document.seats_count:,} seats, {came}; {document.capacity:,} may be inside at once.</p></header>"
        f'<div class="verdict{" bad" if bad else ""}"><b aria-hidden="true">{mark}</b>'
        f"<div>{escape(document.verdict)}{reasons}</div></div>"
    )


def _tiles(document: Document) -> str:
    results = document.results
    tiles = [
        ("Seats sold", f"{document.sold_count:,}", f"of {document.seats_count:,}"),
        ("Visits took", duration(results.duration_s * 1_000), "first to last"),
        ("Waiting, median", _percentile(results.step("waiting"), 0), "arrival to admission"),
        ("Ticket, median", _percentile(results.step("ticket"), 0), "arrival to ticket"),
        ("Entering, p99", _percentile(results.step("queue.enter"), 3), "from intended start"),
        ("Requests", f"{results.requests_per_s:,.0f}/s", f"{results.last.requests_count:,} in all"),
    ]
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)} <small>{escape(more)}</small></dd></div>"
        for name, value, more in tiles
    )
    return f'<dl class="tiles">{cells}</dl>'


def _crowd(results: Results) -> str:
    moments = [each for each in results.timeline if each.at_s >= 0]
    if len(moments) < 2:
        return ""
    bands = [
        Series(
            name, style, [(each.at_s, value) for each, value in zip(moments, values, strict=True)]
        )
        for (style, name), values in zip(
            _CROWD, zip(*(_where(each) for each in moments), strict=True), strict=True
        )
    ]
    picture = charts.stacked(
        "Where the crowd was, second by second", bands, total=results.users_count, x_label=" s"
    )
    return _section(
        "Where the crowd was",
        "Everybody who had arrived, by what they were doing at that moment.",
        picture + charts.legend(_CROWD),
    )


def _where(at: Progress) -> tuple[int, int, int, int, int]:
    """Visitors by the bands of `_CROWD`."""
    there = (at.ticketed_count, at.inside_count, at.waiting_count, at.entering_count)
    return (*there, max(0, at.arrived_count - sum(there)))


def _seats(document: Document) -> str:
    timeline = document.results.timeline
    sold = Series("tickets in hand", "c3", [(max(0.0, t.at_s), t.tickets_count) for t in timeline])
    picture = charts.lines(
        "Tickets in hand over time",
        [sold],
        x_label=" s",
        ceiling=document.seats_count,
        filled=True,
        width=charts.HALF,
    )
    return _section("Tickets in hand", "Against the seats there are.", picture)


def _requests(results: Results) -> str:
    rate = Series("requests a second", "c2", rates(results.timeline))
    picture = charts.lines(
        "Requests a second over time", [rate], x_label=" s", filled=True, width=charts.HALF
    )
    return _section("Requests a second", "Every attempt counts, also those tried again.", picture)


def _felt(results: Results) -> str:
    series = []
    for name, (style, words) in _FELT.items():
        step = results.step(name)
        if step is not None and step.curve_ms:
            series.append(Series(words, style, [(x, y / 1_000) for x, y in step.curve_ms]))
    if not series:
        return ""
    picture = charts.lines(
        "Seconds waited, by share of the crowd", series, x_label=" %", x_high=100, width=charts.HALF
    )
    return _section(
        "What people felt",
        "Seconds from the moment they meant to arrive; so many percent waited no longer.",
        picture + charts.legend((each.style, each.name) for each in series),
    )


def _outcomes(results: Results) -> str:
    rows = "".join(
        f"<tr><td>{escape(OUTCOMES.get(name, name))}</td><td class='n'>{count:,}</td><td style='width:34%'>"
        f'<span class="bar {_COLOUR.get(name, "c2")}" style="width:{100 * count / results.users_count:.1f}%">'
        "</span></td></tr>"
        for name, count in sorted(results.outcomes.items(), key=lambda pair: -pair[1])
    )
    table = f"<table><tr><th>People who</th><th class='n'>Count</th><th></th></tr>{rows}</table>"
    return _section("How it ended for them", f"All {results.users_count:,} of them.", table)


def _times(results: Results) -> str:
    steps = [step for step in results.steps if step.count]
    if not steps:
        return ""
    picture = charts.ranges(
        "Response times by operation",
        [
            Range(s.name, max(0.1, s.percentiles_ms[0]), s.percentiles_ms[1], s.percentiles_ms[3],
                  s.percentiles_ms[4], f"p99 {duration(s.percentiles_ms[3])}")
            for s in steps
        ],
    )  # fmt: skip
    rows = [
        (f"<code>{escape(step.name)}</code>", f"{step.count:,}",
         *(duration(value) for value in step.percentiles_ms),
         escape(_codes(results.replies.get(step.name, {}))))
        for step in steps
    ]  # fmt: skip
    head = ("Operation", "Answers", "p50", "p90", "p95", "p99", "max", "What was answered")
    return _section(
        "Response times",
        "Bars run from p50 to p99 with p90 marked, the dot is the slowest. Entering counts from the intended "
        "moment of arrival, so a late generator makes it look worse, never better.",
        picture + _table(head, rows, numbers=range(1, 7)),
    )


def _audit(document: Document) -> str:
    if document.audit is None:
        return _section("Audit", "None was made.", "")
    rows = []
    for check in document.audit["checks"]:
        found = "".join(f"<li>{escape(each['summary'])}</li>" for each in check["findings"][:10])
        result = (
            '<span class="ok">✓ holds</span>' if check["passed"]
            else f'<span class="no">✕ {len(check["findings"]):,} findings</span><ul>{found}</ul>'
        )  # fmt: skip
        rows.append(
            (
                f"<code>{escape(check['name'])}</code>",
                escape(check["promise"]),
                f"{check['rows_count']:,}",
                result,
            )
        )
    return _section(
        "Audit",
        "Recounted from the rows each service exports, not from what the load generator believes.",
        _table(("Check", "Promise", "Rows recounted", "Result"), rows, numbers=(2,)),
    )


def _generator(document: Document) -> str:
    results, health = document.results, document.results.health
    told = (
        "kept up: its numbers stand."
        if document.trusted
        else "did not keep up: do not quote its numbers."
    )
    rows = [
        ("Visits started late by", f"p50 {duration(health.late_ms[0])}, p99 {duration(health.late_ms[3])}"),
        ("Its loop was late by", f"p50 {duration(health.lag_ms[0])}, p99 {duration(health.lag_ms[3])}"),
        ("CPU of one core", f"{health.cpu_percent:.0f} % on average, {health.cpu_busiest_percent:.0f} % in the busiest half second"),
        ("Unexpected answers", escape(_nested(results.unexpected)) or "none"),
        ("Answers tried again", escape(_nested(results.retried)) or "none"),
    ]  # fmt: skip
    samples = "".join(f"<li><code>{escape(each)}</code></li>" for each in results.samples)
    return _section(
        "The load generator",
        f"It {told}",
        _table(("", ""), rows) + (f"<ul>{samples}</ul>" if samples else ""),
    )


def _foot(document: Document) -> str:
    plan = document.plan
    mix = f"card {plan.mix.card} : points {plan.mix.point} : both {plan.mix.mixed}"
    facts = {"payment": mix, "arrivals": f"{plan.arrival}, seed {plan.seed}", **document.facts}
    told = " · ".join(f"{escape(name)}: {escape(value)}" for name, value in facts.items())
    return f"<footer>{told} · {document.made_at:%Y-%m-%d %H:%M %Z} · tiketi</footer>"


def _section(title: str, text: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2><p>{escape(text)}</p>{content}</section>"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()
) -> str:
    right = set(numbers)
    css = [" class='n'" if place in right else "" for place in range(len(head))]
    top = "".join(f"<th{style}>{escape(each)}</th>" for style, each in zip(css, head, strict=True))
    lines = "".join(
        "<tr>"
        + "".join(f"<td{style}>{cell}</td>" for style, cell in zip(css, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table>{f"<tr>{top}</tr>" if any(head) else ""}{lines}</table></div>'


def _percentile(step: Step | None, which: int) -> str:
    return duration(step.percentiles_ms[which]) if step and step.count else "–"


def _codes(codes: Mapping[str, int]) -> str:
    return ", ".join(
        f"{code} {count:,}" for code, count in sorted(codes.items(), key=lambda c: -c[1])
    )


def _nested(table: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(f"{name}: {_codes(codes)}" for name, codes in table.items())
