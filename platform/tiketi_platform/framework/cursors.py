"""Opaque cursors over the place where a page ended; refuses one that this listing did not make."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel.errors import InvalidRequestError

_NUMBER_MAX: Final = 2**63 - 1
_PLACE: Final = re.compile(r"[0-9]{1,19}(\.[0-9]{1,19})*", re.ASCII)


def to_cursor(listing: str, *place: int) -> str:
    """The cursor that goes on after the row with this id, or these numbers."""
    numbers = ".".join(str(each) for each in place)
    return base64.urlsafe_b64encode(f"{listing}:{numbers}".encode()).rstrip(b"=").decode()


def from_cursor(listing: str, cursor: str) -> int:
    """The id in a cursor of this listing; InvalidRequestError for anything else."""
    (row_id,) = place_in(listing, cursor, numbers_count=1)
    return row_id


def place_in(listing: str, cursor: str, *, numbers_count: int) -> tuple[int, ...]:
    """The numbers in a cursor of this listing, so many; InvalidRequestError for anything else."""
    try:
        padded = cursor.rstrip("=")
        padded += "=" * (-len(padded) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _foreign() from error
    name, _, numbers = text.partition(":")
    if name != listing or _PLACE.fullmatch(numbers) is None:
        raise _foreign()
    place = tuple(int(each) for each in numbers.split("."))
    if len(place) != numbers_count or max(place) > _NUMBER_MAX:
        raise _foreign()
    return place


def below(listing: str, cursor: str | None) -> int:
    """The id before which a page begins, newest first; without a cursor it is before all there can be."""
    return _NUMBER_MAX if cursor is None else from_cursor(listing, cursor)


def above(listing: str, cursor: str | None) -> int:
    """The id after which a page begins, oldest first; without a cursor it is after none."""
    return 0 if cursor is None else from_cursor(listing, cursor)


def next_cursor(listing: str, ids: Sequence[int], limit: int) -> str | None:
    """The cursor after the `limit`-th of these ids, if there is one more: ask for one more than is shown."""
    return to_cursor(listing, ids[limit - 1]) if len(ids) > limit else None


def _foreign() -> InvalidRequestError:
    return InvalidRequestError("is not a cursor of this listing", field="cursor")
