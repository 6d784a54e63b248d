"""Lets a crowd loose on an event and tells how it went: provisioning, the run, the audit, the report.

Shared by `tiketi queue stampede` and `tiketi demo`; starts no platform.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from tiketi_cli.output import Output
from tiketi_sdk import Tiketi
from tiketi_sdk.audit import audit_event
from tiketi_sdk.contract.codes import Exit
from tiketi_sdk.contract.fields import AMOUNT_MAX
from tiketi_sdk.seeding import Crowd, fresh_tokens, gather_crowd
from tiketi_sdk.stampede import LoadError, LoadProcess, Plan, Progress, Renewal, Results, doubts
from tiketi_sdk.stampede.live import LiveView, SeatWatch
from tiketi_sdk.stampede.report import Document, page, terminal

PURCHASES_MAX: Final = 4
"""A visitor who returns a ticket and buys again has not had the refund yet."""
RENEW_S_MIN: Final = 30.0
"""Between two renewals of a crowd's tokens, whatever the clocks say."""


class Narration:
    """Says on stderr what is done and how long it took."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, no_color="NO_COLOR" in os.environ)
        self.began_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began_s

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """One step; append to the list what there is to say about its end."""
        told: list[str] = []
        began_s = time.monotonic()
        with self.console.status(f"{what} …") if self.console.is_terminal else _quietly():
            yield told
        took_s = time.monotonic() - began_s
        more = f"  [dim]{' '.join(told)}[/]" if told else ""
        self.console.print(
            f"{self.elapsed_s:6.1f} s  {what:<26}{took_s:6.1f} s{more}", soft_wrap=True
        )


def gather(client: Tiketi, event_id: int, *, users_count: int, narration: Narration) -> Crowd:
    """Distinct users with tokens, and points enough for every seat they may want."""
    with narration.step(f"{users_count:,} users with points"):
        dearest = max((each.price for each in client.seats.map(event_id).sections), default=0)
        amount = min(AMOUNT_MAX, max(1, dearest * 2 * PURCHASES_MAX))
        return gather_crowd(client, count=users_count, points=amount)


def let_loose(
    client: Tiketi,
    plan: Plan,
    crowd: Crowd,
    load: LoadProcess,
    *,
    narration: Narration,
    audited: bool,
) -> Document:
    """Run the plan with these users, then audit; all that is to be told. Raises `LoadError`."""
    event = client.events.get(plan.event_id)
    capacity = client.queue.policy(plan.event_id).capacity
    seats = SeatWatch(client.as_user(), plan.event_id)
    visitors = plan.visitors([(user.user_id, user.token) for user in crowd.members])
    renewal = Renewal(
        every_s=max(RENEW_S_MIN, crowd.life_s / 2), tokens=lambda: fresh_tokens(client, crowd)
    )
    view = LiveView(narration.console, seats, users_count=plan.users_count)
    results: Results | None = None
    began_s = narration.elapsed_s
    with seats.watching(), view.showing() as show:
        for told in load.run(plan, visitors, renewal=renewal):
            if isinstance(told, Progress):
                show(told)
            else:
                results = told
    if results is None:
        raise LoadError("the load process gave no results")
    seats.look()
    narration.console.print(
        f"{narration.elapsed_s:6.1f} s  {'stampede':<26}{narration.elapsed_s - began_s:6.1f} s  "
        f"[dim]{results.last.requests_count:,} requests, {results.unexpected_count:,} unexpected answers[/]",
        soft_wrap=True,
    )
    document = Document(
        title=event.title,
        plan=plan,
        results=results,
        doubts=doubts(results),
        audit=None,
        capacity=capacity,
        seats_count=seats.seats_count,
        sold_count=seats.sold_count,
        made_at=datetime.now(UTC).astimezone(),
        facts={"event": str(plan.event_id)},
    )
    return _audited(client, document, narration) if audited else document


def tell(out: Output, document: Document, *, html: Path | None, narration: Narration) -> Exit:
    """Show the report, write the page; the exit status that says how it went."""
    if html is not None:
        html.write_text(page(document), encoding="utf-8")
    if out.as_json:
        out.document(document.to_json())
    else:
        console = Console(
            file=sys.stdout, highlight=False, no_color=not out.in_colour,
            width=None if out.to_terminal else 120,
        )  # fmt: skip
        console.print(terminal(document))
    if html is not None:
        narration.console.print(f"report: {html.resolve()}", soft_wrap=True)
    if document.findings_count:
        return Exit.FINDINGS
    return Exit.OK if document.passed else Exit.FAILED


def _audited(client: Tiketi, document: Document, narration: Narration) -> Document:
    with narration.step("audit") as told:
        report = audit_event(client, document.plan.event_id)
        rows_count = sum(check.rows_count for check in report.checks)
        told.append(f"{rows_count:,} rows recounted, {report.findings_count:,} findings")
    return replace(
        document,
        audit=report.to_json(),
        seats_count=report.seats_count,
        sold_count=report.sold_count,
    )


@contextmanager
def _quietly() -> Iterator[None]:
    yield
