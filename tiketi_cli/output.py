"""Shows results: tables for people, plain text for pipes, one JSON document for programs. Computes nothing.

stdout carries data and nothing else; `say` talks on stderr.
"""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

ItemT = TypeVar("ItemT")
_WHOLE = frozenset({"ID", "Status", "State", "Layout"})
"""Columns that are read as one word, and typed again: never broken over lines and never cut, however narrow it gets."""

STYLES = {
    "CONFIRMED": "green", "COMPLETED": "green", "SENT": "green", "VALID": "green", "on_sale": "green",
    "admitted": "green", "open": "green", "ready": "green",
    "PENDING": "yellow", "upcoming": "yellow", "waiting": "yellow", "paused": "yellow",
    "starting": "yellow", "SKIPPED": "yellow", "PARTIALLY_REFUNDED": "yellow",
    "CANCELLED": "red", "EXPIRED": "red", "FAILED": "red", "REFUNDED": "red", "closed": "red",
    "cancelled": "red", "down": "red", "sold_out": "red", "ok": "green", "unwell": "red", "live": "yellow",
}  # fmt: skip
"""Colours of the words that say how something stands; on a terminal only."""


class Output:
    """Where one command's results go."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.to_terminal = sys.stdout.isatty()

    @property
    def in_colour(self) -> bool:
        """Whether a person looks who did not ask for less (NO_COLOR)."""
        return self.to_terminal and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """Talk to the person, not to the program that reads stdout."""
        sys.stderr.write(f"{text}\n")

    def line(self, text: str) -> None:
        """A line of data, as it is."""
        sys.stdout.write(f"{text}\n")

    def document(self, data: object) -> None:
        """The one JSON document."""
        indent = 2 if self.to_terminal else None
        sys.stdout.write(json.dumps(plain(data), ensure_ascii=False, indent=indent) + "\n")

    def facts(self, data: object, rows: Mapping[str, object]) -> None:
        """One thing: its JSON, or `rows` as names and values; a None is left out."""
        if self.as_json:
            self.document(data)
            return
        shown = {name: str(value) for name, value in rows.items() if value is not None}
        if not self.to_terminal:
            for name, value in shown.items():
                self.line(f"{name}\t{_one_line(value)}")
            return
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in shown.items():
            table.add_row(_styled(name, "dim"), _styled(value))
        self._console().print(table)

    def items(
        self,
        found: Iterable[ItemT],
        columns: Mapping[str, Callable[[ItemT], object]],
        *,
        right: Sequence[str] = (),
        none: str = "nothing",
    ) -> None:
        """Many things: `{"items": […]}`, or a table; columns of `right` hold numbers. `none` is said of no row."""
        rows = list(found)
        if self.as_json:
            self.document({"items": rows})
            return
        if not rows:
            self.say(none)
            return
        cells = [[_cell(read(row)) for read in columns.values()] for row in rows]
        if not self.to_terminal:
            self.line("\t".join(columns))
            for row in cells:
                self.line("\t".join(_one_line(cell) for cell in row))
            return
        from rich import box
        from rich.cells import cell_len
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        for position, name in enumerate(columns):
            widest = max(cell_len(each) for each in (name, *(row[position] for row in cells)))
            is_whole = name in _WHOLE or name in right
            table.add_column(
                name,
                justify="right" if name in right else "left",
                overflow="fold",
                no_wrap=is_whole,
                min_width=widest if is_whole else None,
            )
        for row in cells:
            table.add_row(*(_styled(cell) for cell in row))
        self._console().print(table)

    def drawing(self, lines: Iterable[Sequence[tuple[str, str]]]) -> None:
        """Lines of (text, style) pieces; styles show in colour only."""
        if not self.in_colour:
            for pieces in lines:
                self.line("".join(text for text, _ in pieces))
            return
        from rich.text import Text

        console = self._console()
        for pieces in lines:
            console.print(Text.assemble(*pieces), soft_wrap=True)

    def _console(self) -> "Console":
        from rich.console import Console

        return Console(file=sys.stdout, highlight=False, no_color=not self.in_colour)


def plain(data: object) -> Any:
    """Data as JSON knows it: wire structs in their wire form, moments in ISO 8601."""
    dump = getattr(data, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {each.name: plain(getattr(data, each.name)) for each in dataclasses.fields(data)}
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [plain(each) for each in data]
    if isinstance(data, datetime):
        return data.isoformat()
    return str(data) if isinstance(data, Path) else data


def _cell(value: object) -> str:
    return "–" if value is None else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _styled(text: str, style: str = "") -> Any:
    # Text and not a string: what people typed in must not work as markup or as control codes.
    from rich.text import Text

    return Text(text, style=style or STYLES.get(text, ""))
