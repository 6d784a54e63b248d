"""`tiketi queue policy`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import lasting, moment, when

if TYPE_CHECKING:
    from tiketi_sdk.contract.queue import Policy


def policy(
    ctx: typer.Context,
    *,
    event_id: Event,
    capacity: Annotated[
        int | None, typer.Option("--capacity", min=0, help="How many may be inside at once.")
    ] = None,
    admit_per_second: Annotated[
        int | None, typer.Option("--admit-per-second", min=1, help="How fast people are let in.")
    ] = None,
    session_ttl_s: Annotated[
        int | None,
        typer.Option("--session-ttl", metavar="SECONDS", min=1, help="How long one may stay."),
    ] = None,
    waiting_max: Annotated[
        int | None, typer.Option("--waiting-max", min=0, help="How many may wait.")
    ] = None,
    state: Annotated[
        Literal["open", "paused", "closed"] | None,
        typer.Option("--state", help="paused: people wait; closed: nobody may even enter."),
    ] = None,
    grace_s: Annotated[
        int | None,
        typer.Option(
            "--grace", metavar="SECONDS", min=5, help="Silence after which one is skipped."
        ),
    ] = None,
    opens_at: Annotated[
        str | None,
        typer.Option(
            "--opens-at",
            metavar="MOMENT",
            help="Who comes before is put in random order then; not before the sale (2026-05-01T20:00).",
        ),
    ] = None,
) -> None:
    """Show how an event's waiting room lets people in; with options, change it at once.

    tiketi queue policy 1
    tiketi queue policy 1 --capacity 300 --admit-per-second 100
    tiketi queue policy 1 --opens-at +10m
    """
    here = session(ctx)
    queue = here.client.queue
    changes = (capacity, admit_per_second, session_ttl_s, waiting_max, state, grace_s, opens_at)
    if all(change is None for change in changes):
        now = queue.policy(event_id)
    else:
        now = queue.set_policy(
            event_id,
            capacity=capacity,
            admit_per_second=admit_per_second,
            session_ttl_s=session_ttl_s,
            waiting_max=waiting_max,
            state=state,
            grace_s=grace_s,
            opens_at=None if opens_at is None else moment(opens_at),
        )
    here.out.facts(now, _rows(now))


def _rows(now: "Policy") -> dict[str, object]:
    return {
        "state": now.state,
        "capacity": f"{now.capacity:,}",
        "admitted a second": f"{now.admit_per_second:,}",
        "session": lasting(now.session_ttl_s),
        "may wait": f"{now.waiting_max:,}",
        "skipped after": lasting(now.grace_s),
        "opens at": when(now.opens_at) if now.opens_at else None,
        "commitment": now.draw_commitment,
    }
