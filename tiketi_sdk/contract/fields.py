"""Field types with their bounds, so that a struct says how large a thing may be by naming its type."""

from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, Field, StringConstraints

from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Wire

ID_MAX = 2**63 - 1
AMOUNT_MAX = 1_000_000_000
BALANCE_MAX = 1_000_000_000_000
PAGE_LIMIT_MAX = 100
PAGE_NUMBER_MAX = 1_000
EXPORT_LIMIT_MAX = 5_000

Id = Annotated[int, Field(ge=1, le=ID_MAX)]
"""A 64-bit id made by the platform."""
Count = Annotated[int, Field(ge=0, le=ID_MAX)]
Amount = Annotated[int, Field(ge=1, le=AMOUNT_MAX)]
"""Whole won (or points), at least 1."""
AmountOrZero = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
Price = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]

WebAddress = Annotated[
    str,
    shaped(
        r"^https?://[\x21\x23-\x3b\x3d\x3f-\x7e]+$",
        "should be a whole address, http:// or https:// and no spaces",
        max_length=2_000,
    ),
]
"""An absolute address in ASCII, without spaces, quotes or angle brackets."""

NewPortrait = Annotated[
    str,
    shaped(
        r"^(https?://[\x21\x23-\x3b\x3d\x3f-\x7e]+|/api/images/[0-9a-f]{64}\.(jpg|png|webp))?$",
        "should be an address, http:// or https://, or what uploading a portrait answered",
        max_length=2_000,
    ),
]
"""Another picture, from elsewhere or as `images.upload_portrait` answers; the empty text takes the one there is away."""

LINE = (r"^[^\x00-\x1f\x7f]*$", "should be one line without control characters")
_FILLED = (
    r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
    "should be one line with something to read on it, without control characters",
)
_LINES = (r"^[^\x00-\x08\x0b-\x1f\x7f]*$", "should be text without control characters")
VISIBLE = (r"^[\x21-\x7e]+$", "should be ASCII without spaces")
"""And so nothing that a database or a header could not hold."""

Name = Annotated[str, shaped(*_FILLED, min_length=1, max_length=100)]
Title = Annotated[str, shaped(*_FILLED, min_length=1, max_length=200)]
Text = Annotated[str, shaped(*_LINES, max_length=5_000)]
Reason = Annotated[str, shaped(*_FILLED, min_length=1, max_length=200)]
Query = Annotated[str, shaped(*LINE, min_length=1, max_length=100)]
Cursor = Annotated[
    str,
    shaped(
        r"^[A-Za-z0-9_.:=-]+$",
        "should be the next_cursor of the page before",
        min_length=1,
        max_length=200,
    ),
]
"""Opaque; take it from `next_cursor` of the page before."""
Email = Annotated[
    str,
    shaped(
        r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        "should be an e-mail address, as kim@example.com",
        min_length=3,
        max_length=254,
    ),
]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128)]
_A_PHONE = "should be 7 to 19 digits and dashes, as 010-1234-5678"
Phone = Annotated[str, shaped(r"^\+?[0-9][0-9-]{6,18}$", _A_PHONE)]
NewPhone = Annotated[str, shaped(r"^(\+?[0-9][0-9-]{6,18})?$", _A_PHONE)]
"""Another number; the empty text takes the one there is away."""
OpaqueToken = Annotated[str, shaped(*VISIBLE, min_length=1, max_length=4_096)]
PgToken = Annotated[
    str,
    shaped(
        r"^[A-Za-z0-9_-]+$",
        "should be letters, digits, _ and -",
        min_length=1,
        max_length=200,
    ),
]
"""What the payment window of the card company handed to the browser; `toss_token_ok` in the sandbox."""
_AN_IMAGE = "should be an address, http:// or https://, or what uploading an image answered"
NewImageUrl = Annotated[str, shaped(r"^((https?://|/)[\x21-\x7e]+)?$", _AN_IMAGE, max_length=500)]
"""Another image; the empty text takes the one there is away."""
ImageUrl = Annotated[
    str, shaped(r"^(https?://|/)[\x21-\x7e]+$", _AN_IMAGE, min_length=1, max_length=500)
]
"""Where an image is; what `images.upload` answers."""
PageNumber = Annotated[int, Field(ge=1, le=PAGE_NUMBER_MAX)]
Limit = Annotated[int, Field(ge=1, le=PAGE_LIMIT_MAX)]
ExportLimit = Annotated[int, Field(ge=1, le=EXPORT_LIMIT_MAX)]

Instant = AwareDatetime
"""A moment with its offset, ISO 8601 on the wire, UTC in answers."""

ItemT = TypeVar("ItemT", bound=Wire)


class Page(Wire, Generic[ItemT]):
    """One page of a listing; pass `next_cursor` as `cursor` to get the next."""

    items: tuple[ItemT, ...]
    next_cursor: str | None = None
    """None on the last page."""
