"""`tiketi seats map`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Event
from tiketi_cli.text import won

if TYPE_CHECKING:
    from tiketi_sdk.contract.reservation import SeatMap, SeatRow, SeatSection

Pieces = list[tuple[str, str]]
_STYLES = {"a": "green", "h": "yellow", "s": "red"}
_BLOCKS = {"a": "■", "h": "▣", "s": "□"}


def map_(
    ctx: typer.Context,
    *,
    event_id: Event,
    section: Annotated[
        str | None, typer.Option("--section", metavar="NAME", help="Only this section.")
    ] = None,
    ids: Annotated[
        bool, typer.Option("--ids", help="Show the id of each row's first seat.")
    ] = False,
) -> None:
    """Draw the seats of an event: available, held and sold. Piped, as the letters a, h and s.

        tiketi seats map 1
        tiketi seats map 1 --section VIP --ids
        tiketi seats map 1 --json | jq .available_count

    Seat k of a row (counted from 1) has the id of the first seat plus k minus 1.
    """
    here = session(ctx)
    seats = here.client.seats.map(event_id)
    if here.json:
        here.out.document(seats)
        return
    shown = [each for each in seats.sections if section in {None, each.name}]
    if section is not None and not shown:
        names = ", ".join(each.name for each in seats.sections)
        raise UsageError(f"no section {section}", f"there are: {names or 'none'}")
    if not seats.sections:
        here.out.say(f"no seats yet: tiketi seats generate {event_id} --layout large_theater")
    as_blocks = here.out.in_colour
    for each in shown:
        here.out.drawing(_section(each, as_blocks=as_blocks, ids=ids))
    here.out.drawing([_legend(seats, as_blocks=as_blocks)])


def _section(section: "SeatSection", *, as_blocks: bool, ids: bool) -> Iterator[Pieces]:
    yield [(section.name, "bold"), (f"  {won(section.price)}", "dim")]
    id_width = max((len(str(row.first_seat_id)) for row in section.rows), default=0)
    for row in section.rows:
        number = f"{row.row:>4} "
        if ids:
            number += f"{row.first_seat_id:>{id_width}} "
        yield [(number, "dim"), *_row(row, as_blocks=as_blocks)]
    yield [("", "")]


def _row(row: "SeatRow", *, as_blocks: bool) -> Pieces:
    if not as_blocks:
        return [(row.states, "")]
    return [(_BLOCKS.get(state, state), _STYLES.get(state, "")) for state in row.states]


def _legend(seats: "SeatMap", *, as_blocks: bool) -> Pieces:
    counts = (
        ("a", "available", seats.available_count),
        ("h", "held", seats.held_count),
        ("s", "sold", seats.sold_count),
    )
    pieces: Pieces = []
    for state, name, count in counts:
        sign = _BLOCKS[state] if as_blocks else state
        pieces += [(sign, _STYLES[state]), (f" {name} {count:,}   ", "")]
    return [*pieces[:-1], (pieces[-1][0].rstrip(), "")]
