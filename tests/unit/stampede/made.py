"""Results as a run of a hundred visitors might give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tiketi_sdk.stampede.plan import Plan
from tiketi_sdk.stampede.report import Document
from tiketi_sdk.stampede.results import Health, Percentiles, Progress, Results, Step

AUDIT: dict[str, Any] = {
    "event_id": 7,
    "passed": True,
    "settled": True,
    "findings_count": 0,
    "checks": [
        {
            "name": "seats.sold_once",
            "promise": "Each seat is in at most one living reservation.",
            "rows_count": 80,
            "passed": True,
            "findings": [],
        }
    ],
}


def step(name: str, percentiles_ms: Percentiles = (10, 20, 30, 40, 50)) -> Step:
    curve = ((0.0, 5.0), (50.0, percentiles_ms[0]), (100.0, percentiles_ms[4]))
    return Step(
        name=name,
        count=100,
        mean_ms=12,
        percentiles_ms=percentiles_ms,
        curve_ms=curve,
        histogram="",
    )


def results(
    *, enter_ms: Percentiles = (10, 20, 30, 40, 50), outcomes: dict[str, int] | None = None
) -> Results:
    timeline = tuple(
        Progress(
            at_s=at / 2, arrived_count=min(100, at * 20), waiting_count=max(0, 60 - at * 10),
            inside_count=min(10, at), tickets_count=at * 8, ticketed_count=at * 8,
            requests_count=at * 100, enter_ms=enter_ms, reply_ms=(5, 10, 15, 20, 25),
        )
        for at in range(11)
    )  # fmt: skip
    return Results(
        users_count=100,
        duration_s=5.0,
        outcomes=outcomes or {"ticket": 80, "sold_out": 18, "gave_up": 2},
        replies={"queue.enter": {"ok": 100}, "reservations.create": {"ok": 80, "sold_out": 18}},
        unexpected={},
        retried={"queue.enter": {"unavailable": 3}},
        steps=(step("queue.enter", enter_ms), step("reservations.create")),
        felt=(step("waiting"), step("ticket")),
        timeline=timeline,
        health=Health(
            late_ms=(1, 2, 3, 4, 5), lag_ms=(1, 2, 3, 4, 5), cpu_percent=30, cpu_busiest_percent=80
        ),
    )


def document(**changes) -> Document:
    said = {
        "title": "가을밤 <콘서트>",
        "plan": Plan(event_id=7, urls={}, users_count=100),
        "results": results(),
        "doubts": (),
        "audit": AUDIT,
        "capacity": 30,
        "seats_count": 80,
        "sold_count": 80,
        "made_at": datetime(2026, 5, 1, 20, tzinfo=UTC),
        **changes,
    }
    return Document(**said)
