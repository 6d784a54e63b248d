"""`tiketi audit`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_sdk.contract.codes import Exit

if TYPE_CHECKING:
    from tiketi_cli.output import Output
    from tiketi_sdk.audit import CheckResult, Report


def audit(
    ctx: typer.Context,
    event_id: Event,
    rows_max: Annotated[
        int, typer.Option("--rows", min=0, help="How many rows to show of each finding.")
    ] = 5,
) -> None:
    """Recount an event from what the services hold, and show whatever must not be (administrators).

        tiketi audit 1
        tiketi audit 1 --json > audit.json

    Each seat sold once, the capacity never passed, first come first admitted, every wallet the sum of
    its history, one payment and one e-mail for each confirmed reservation, no message left behind.
    Exit status 11 when anything was found. While a sale is on, only what two readings show alike counts,
    and `settled` says that something was under way.
    """
    here = session(ctx)
    with here.working(f"recounting event {event_id}"):
        from tiketi_sdk.audit import audit_event

        report = audit_event(here.client, event_id)
    if here.json:
        here.out.document(report.to_json())
    else:
        _show(here.out, report, rows_max)
    if not report.passed:
        raise typer.Exit(Exit.FINDINGS)


def _show(out: "Output", report: "Report", rows_max: int) -> None:
    out.items(
        report.checks,
        {
            "Check": lambda check: check.name,
            "Promise": lambda check: check.promise,
            "Rows": lambda check: f"{check.rows_count:,}",
            "Result": lambda check: "ok" if check.passed else f"{len(check.findings)} findings",
        },
        right=("Rows",),
    )
    for check in report.checks:
        _findings(out, check, rows_max)
    out.say(
        f"event {report.event_id}: sold {report.sold_count:,} of {report.seats_count:,} seats, "
        f"{report.confirmed_count:,} confirmed reservations, {report.findings_count:,} findings"
    )
    if not report.settled:
        out.say(
            "not settled: something was under way all the time; only what stayed wrong was counted"
        )


def _findings(out: "Output", check: "CheckResult", rows_max: int) -> None:
    for finding in check.findings:
        out.line(f"{check.name}: {finding.summary}")
        for row in finding.rows[:rows_max]:
            out.line(f"  {row.model_dump_json()}")
        if len(finding.rows) > rows_max:
            out.line(f"  … and {len(finding.rows) - rows_max:,} more rows")
