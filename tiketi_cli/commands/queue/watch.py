"""`tiketi queue watch`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event
from tiketi_cli.text import lasting, when

if TYPE_CHECKING:
    from tiketi_sdk.contract.queue import Place


def watch(
    ctx: typer.Context,
    *,
    event_id: Event,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", min=0, help="Give up then; the place is kept."
        ),
    ] = None,
) -> None:
    """Enter an event's waiting room, show how the line moves, and come back once admitted.

        tiketi queue watch 1
        tiketi queue watch 1 --timeout 60 && tiketi reservations create 1 --best 2

    Ctrl-C leaves the command, not the line.
    """
    here = session(ctx)
    place = here.client.queue.wait_until_admitted(event_id, timeout_s=timeout, on_place=_tell)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    until = when(place.session_expires_at) if place.session_expires_at else None
    here.out.facts(place, {"state": place.state, "until": until})


def _tell(place: "Place") -> None:
    if place.state == "admitted":
        return
    eta = f", about {lasting(place.eta_s)}" if place.eta_s is not None else ""
    text = f"{place.position:,} of {place.waiting_count:,}{eta}"
    # On a terminal one line that changes; in a log one line each.
    sys.stderr.write(f"\r\x1b[2K{text}" if sys.stderr.isatty() else f"{text}\n")
    sys.stderr.flush()
