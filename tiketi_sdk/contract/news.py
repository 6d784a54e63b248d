"""News of the house: short texts for everybody, the pinned ones first."""

from tiketi_sdk.contract.fields import (
    Cursor,
    Id,
    ImageUrl,
    Instant,
    Limit,
    NewImageUrl,
    Page,
    Text,
    Title,
)
from tiketi_sdk.contract.operation import Operation, Request, Wire


class NewsItem(Wire):
    """One piece of news."""

    id: int
    title: str
    body: str
    is_pinned: bool
    image_url: str | None = None
    created_at: Instant
    updated_at: Instant
    version: int
    """Rises with every change; `If-Match: "<version>"` guards a change."""


class CreateNewsRequest(Request):
    """News to publish."""

    title: Title
    body: Text = ""
    is_pinned: bool = False
    image_url: ImageUrl | None = None


class UpdateNewsRequest(Request):
    """What to change; what is left out stays."""

    news_id: Id
    title: Title | None = None
    body: Text | None = None
    is_pinned: bool | None = None
    image_url: NewImageUrl | None = None
    """The empty text takes the image away."""


class ListNewsRequest(Request):
    """Which page: pinned first, then the newest."""

    cursor: Cursor | None = None
    limit: Limit = 20


class NewsRequest(Request):
    """Which news."""

    news_id: Id


LIST = Operation(
    name="news.list", method="GET", path="/api/news", request=ListNewsRequest, response=Page[NewsItem],
    access="public", summary="List the news, pinned first.",
)  # fmt: skip
GET = Operation(
    name="news.get", method="GET", path="/api/news/{news_id}", request=NewsRequest, response=NewsItem,
    access="public", errors=("news_not_found",), summary="One piece of news.",
)  # fmt: skip
CREATE = Operation(
    name="news.create", method="POST", path="/api/news", request=CreateNewsRequest, response=NewsItem,
    access="admin", status=201, idempotency="optional", summary="Publish news.",
)  # fmt: skip
UPDATE = Operation(
    name="news.update", method="PATCH", path="/api/news/{news_id}", request=UpdateNewsRequest, response=NewsItem,
    access="admin", conditional=True, errors=("news_not_found",),
    summary="Change or pin news; If-Match guards against overwriting somebody else's change.",
)  # fmt: skip
DELETE = Operation(
    name="news.delete", method="DELETE", path="/api/news/{news_id}", request=NewsRequest, response=NewsItem,
    access="admin", conditional=True, errors=("news_not_found",), summary="Remove news.",
)  # fmt: skip
