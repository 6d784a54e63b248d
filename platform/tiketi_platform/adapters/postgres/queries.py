"""Reads the named statements of a slice from `sql/<slice>/queries.sql`; it never builds SQL.

A file is a row of blocks: `-- name: hold_seats`, a comment of at least one sentence, one statement.

    SQL = Queries.load("reservation")
    row = await database.fetchrow(SQL["hold_seats"], user_id, seat_ids)
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Self

SQL_FOLDER: Final = Path(__file__).parent / "sql"

_NAME: Final = re.compile(r"^-- name: *(.*?) *$", re.MULTILINE)


class QueriesError(ValueError):
    """A queries.sql that cannot be read: a doubled name, no sentence, no statement."""


class Queries(Mapping[str, str]):
    """Statements of one slice by name. An unknown name is a KeyError that lists the known ones."""

    def __init__(self, source: str, text: str) -> None:
        """`source` names the text in errors. Raises QueriesError."""
        self._source = source
        self._statements = _parse(source, text)

    @classmethod
    def load(cls, slice_name: str) -> Self:
        """Read `sql/<slice_name>/queries.sql` once per process.

        Raises QueriesError, also when there is no such file.
        """
        return cls(f"{slice_name}/queries.sql", _read(slice_name))

    def __getitem__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            known = ", ".join(sorted(self._statements))
            raise KeyError(f"no query {name!r} in {self._source}; there are: {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


@cache
def _read(slice_name: str) -> str:
    path = SQL_FOLDER / slice_name / "queries.sql"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise QueriesError(f"no file sql/{slice_name}/queries.sql") from error


def _parse(source: str, text: str) -> dict[str, str]:
    head, *blocks = _NAME.split(text)
    if _statement(head):
        raise QueriesError(f"{source}: SQL before the first `-- name:`")
    statements: dict[str, str] = {}
    for name, block in zip(blocks[::2], blocks[1::2], strict=True):
        if not name.isidentifier():
            raise QueriesError(f"{source}: {name!r} is no name")
        if name in statements:
            raise QueriesError(f"{source}: two queries are named {name}")
        if not _sentence(block):
            raise QueriesError(f"{source}: {name} has no sentence that says what it is for")
        statements[name] = _statement(block)
        if not statements[name]:
            raise QueriesError(f"{source}: {name} has no statement")
    return statements


def _sentence(block: str) -> str:
    """The comment right below the name."""
    first = next((line for line in block.splitlines() if line.strip()), "")
    return first.removeprefix("--").strip() if first.startswith("--") else ""


def _statement(block: str) -> str:
    """The block without whole-line comments and its last semicolon."""
    lines = [line for line in block.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";").rstrip()
