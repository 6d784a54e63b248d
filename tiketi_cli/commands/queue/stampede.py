"""`tiketi queue stampede`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Event, Yes


def stampede(
    ctx: typer.Context,
    event_id: Event,
    *,
    users: Annotated[int, typer.Option("--users", "-u", min=1, help="How many people come.")] = 500,
    arrive_within_s: Annotated[
        float,
        typer.Option("--arrive-within", metavar="S", min=0, max=3_600,
                     help="All come within so many seconds of the opening."),
    ] = 3.0,
    arrival: Annotated[
        str,
        typer.Option("--arrival", metavar="rush|even",
                     help="rush: most in the first moments; even: at any moment alike."),
    ] = "rush",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same crowd.")] = 1,
    mix: Annotated[
        str,
        typer.Option("--mix", metavar="PARTS", help="How they pay, as parts of the crowd."),
    ] = "card=40,point=30,mixed=30",
    patience_s: Annotated[
        float,
        typer.Option("--patience", metavar="S", min=1, max=3_600,
                     help="People go home this long after they came."),
    ] = 240.0,
    sockets_percent: Annotated[
        int, typer.Option("--sockets", metavar="PERCENT", min=0, max=100,
                          help="So many of a hundred wait by Socket.IO, the others by polling."),
    ] = 0,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file.")
    ] = None,
    no_audit: Annotated[
        bool, typer.Option("--no-audit", help="Do not recount the event afterwards.")
    ] = False,
    yes: Yes = False,
) -> None:  # fmt: skip
    """Let a crowd of distinct users loose on an event, and report how it went (sandbox administrators).

        tiketi queue stampede 1 --users 2000 --arrive-within 5 --mix card=1,mixed=1 --html report.html
        tiketi queue stampede 1 --users 500 --sockets 50 --yes
        tiketi queue stampede 1 --users 200 --no-audit --json --yes

    The users are made for it, with tokens and points. They enter, wait, are admitted, hold seats, pay
    and fetch their tickets; some hesitate, cancel, or see a card declined. Times count from the moment
    each meant to come. Exit status 11 when the audit found anything, 1 when answers were unexpected or
    the load generator did not keep up: then its numbers are not to be trusted.
    """
    from tiketi_cli import stampeding
    from tiketi_sdk.stampede import LoadProcess, Mix, Plan

    here = session(ctx)
    try:
        plan = Plan(
            event_id=event_id,
            urls=dict(here.stored.urls),
            users_count=users,
            arrive_within_s=arrive_within_s,
            arrival=_arrival(arrival),
            seed=seed,
            mix=Mix.parse(mix),
            patience_s=patience_s,
            sockets_percent=sockets_percent,
            ends_after_s=arrive_within_s + patience_s + 60,
        )
    except ValueError as error:
        raise UsageError(str(error), "see: tiketi queue stampede --help") from None
    if html is not None and not html.absolute().parent.is_dir():
        raise UsageError(f"no such folder: {html.absolute().parent}", "make it, or choose another")
    event = here.client.events.get(event_id)
    here.confirm(f"Let {users:,} people loose on event {event_id} ({event.title})?", yes=yes)
    narration = stampeding.Narration()
    with LoadProcess() as load:
        crowd = stampeding.gather(here.client, event_id, users_count=users, narration=narration)
        document = stampeding.let_loose(
            here.client, plan, crowd, load, narration=narration, audited=not no_audit
        )
    status = stampeding.tell(here.out, document, html=html, narration=narration)
    here.out.say(document.verdict)
    if status:
        raise typer.Exit(status)


def _arrival(text: str) -> Literal["rush", "even"]:
    if text == "rush":
        return "rush"
    if text == "even":
        return "even"
    raise ValueError(f"--arrival is rush or even, not {text!r}")
