"""Opaque cursors over ascending ids; refuses one that this listing did not make."""

import base64
import binascii

from tiketi_core.kernel.errors import InvalidRequestError

_ID_MAX = 2**63 - 1


def to_cursor(listing: str, row_id: int) -> str:
    """The cursor that goes on after the row with this id."""
    return base64.urlsafe_b64encode(f"{listing}:{row_id}".encode()).decode()


def from_cursor(listing: str, cursor: str) -> int:
    """The id in a cursor of this listing; InvalidRequestError for anything else."""
    try:
        name, _, digits = (
            base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _foreign() from error
    if name != listing or not (digits.isascii() and digits.isdecimal() and len(digits) <= 19):
        raise _foreign()
    if int(digits) > _ID_MAX:
        raise _foreign()
    return int(digits)


def _foreign() -> InvalidRequestError:
    return InvalidRequestError("is not a cursor of this listing", field="cursor")
