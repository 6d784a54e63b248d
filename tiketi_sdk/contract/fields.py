"""Field types with their bounds, so that a struct says how large a thing may be by naming its type."""

from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, Field, StringConstraints

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
    str, StringConstraints(max_length=2_000, pattern=r"^https?://[\x21\x23-\x3b\x3d\x3f-\x7e]+$")
]
"""An absolute address in ASCII, without spaces, quotes or angle brackets."""

PortraitPath = Annotated[
    str, StringConstraints(pattern=r"^/api/images/[0-9a-f]{64}\.(jpg|png|webp)$")
]
"""An image below the event service, as `images.upload_portrait` answers where images have no address of their own."""

_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
_NO_CONTROL_BUT_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_CONTROL)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_CONTROL)]
Text = Annotated[str, StringConstraints(max_length=5_000, pattern=_NO_CONTROL_BUT_LINES)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_CONTROL)]
Query = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_CONTROL)]
Cursor = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:=-]+$")
]
"""Opaque; take it from `next_cursor` of the page before."""
Email = Annotated[
    str,
    StringConstraints(
        min_length=3,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9-]{6,18}$")]
VISIBLE = r"^[\x21-\x7e]+$"
"""ASCII without spaces, and so nothing that a database or a header could not hold."""
OpaqueToken = Annotated[str, StringConstraints(min_length=1, max_length=4_096, pattern=VISIBLE)]
PgToken = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")
]
"""What the payment window of the card company handed to the browser; `toss_token_ok` in the sandbox."""
NewImageUrl = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^((https?://|/)[\x21-\x7e]+)?$")
]
"""Another image; the empty text takes the one there is away."""
ImageUrl = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^(https?://|/)[\x21-\x7e]+$")
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
