"""`tiketi seats generate`."""

from typing import Annotated

import typer

from tiketi_cli.context import Session, session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import DryRun, Event, Yes
from tiketi_cli.text import won


def generate(
    ctx: typer.Context,
    *,
    event_id: Event,
    layout: Annotated[str, typer.Option("--layout", metavar="NAME", help="The hall.")],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Put the seats of a hall on sale for an event (administrators).

        tiketi seats generate 1 --layout large_theater
        tiketi seats generate 1 --layout large_theater --dry-run

    Doing it again changes nothing; another layout replaces the seats while none is held or sold, and asks
    before it does.
    """
    here = session(ctx)
    if dry_run:
        found = [each for each in here.client.seats.layouts().items if each.name == layout]
        if not found:
            raise UsageError(f"no layout {layout}", "see what there is: tiketi seats layouts")
        event = here.client.events.get(event_id)
        worth = sum(each.rows * each.seats_per_row * each.price for each in found[0].sections)
        seats_count = found[0].seats_count
        here.out.facts(
            {"event_id": event.id, "layout": layout, "seats_count": seats_count, "worth": worth},
            {"event": event.title, "would have": f"{seats_count:,} seats", "worth": won(worth)},
        )
        return
    if not yes:
        _confirm_replacing(here, event_id, layout)
    with here.working(f"making the seats of event {event_id}"):
        made = here.client.seats.generate(event_id, layout=layout)
    here.out.facts(
        made,
        {
            "event": made.event_id,
            "layout": made.layout,
            "seats": f"{made.seats_count:,}",
            "created": f"{made.created_count:,}",
            "removed": f"{made.removed_count:,}",
        },
    )


def _confirm_replacing(here: Session, event_id: int, layout: str) -> None:
    """Ask where seats of another hall would go."""
    from tiketi_sdk.errors import EventNotFoundError

    try:
        there = here.client.seats.map(event_id)
    except EventNotFoundError:
        return  # it has no seats yet; whether there is such an event the service will say
    wanted = {
        (section.name, section.price, section.rows, section.seats_per_row)
        for each in here.client.seats.layouts().items
        if each.name == layout
        for section in each.sections
    }
    found = {
        (
            section.name,
            section.price,
            len(section.rows),
            max(len(row.states) for row in section.rows),
        )
        for section in there.sections
    }
    if wanted and wanted != found:
        seats_count = there.available_count + there.held_count + there.sold_count
        here.confirm(f"Replace the {seats_count:,} seats of event {event_id}?", yes=False)
