"""Turns what a SQL function refuses into the domain's error; it invents no code of its own.

A function refuses with `PERFORM refuse('seat_taken', jsonb_build_object('seat_ids', taken))`: the
statement is rolled back, and the code travels as the exception's message, the extras as its detail.
Of the extras, `detail`, `field` and `retry_after_s` become the error's own; the others its `extra`.

An exception costs about a third more than a row. A refusal that is common under load, and found before
anything was written, may be returned in a column instead: `raise database.refused(row["refusal"])`.
"""

import json
from collections.abc import Mapping
from typing import Final, TypeAlias

import asyncpg

from tiketi_core.kernel.errors import (
    DomainError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    UnavailableError,
)

Refusals: TypeAlias = Mapping[str, type[DomainError]]
"""Error classes by the code that SQL functions raise."""


def table(*classes: type[DomainError]) -> dict[str, type[DomainError]]:
    """The classes by their own codes."""
    return {each.code: each for each in classes}


KERNEL: Final[Refusals] = table(
    NotFoundError, ForbiddenError, InvalidRequestError, UnavailableError
)
"""Codes that every slice may raise."""


def refusal(error: asyncpg.RaiseError, refusals: Refusals) -> DomainError | None:
    """The domain's error for what a function raised, or None for a code nobody declared."""
    code = error.message or ""
    return refused(code, _extras(error.detail), refusals) if code in refusals else None


def refused(code: str, extras: Mapping[str, object], refusals: Refusals) -> DomainError:
    """The domain's error for a code and its extras. Raises KeyError for a code nobody declared."""
    rest = dict(extras)
    detail = rest.pop("detail", "")
    field = rest.pop("field", None)
    retry_after_s = rest.pop("retry_after_s", None)
    return refusals[code](
        str(detail),
        field=None if field is None else str(field),
        retry_after_s=retry_after_s if isinstance(retry_after_s, int | float) else None,
        extra=rest,
    )


def _extras(detail: str | None) -> dict[str, object]:
    extras = json.loads(detail) if detail else {}
    assert isinstance(extras, dict), "refuse() takes an object"
    return extras
