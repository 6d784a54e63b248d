"""`client.news`: short texts for everybody, the pinned ones first."""

from tiketi_sdk.contract import news as contract
from tiketi_sdk.contract.news import NewsItem
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource, tag_of


class AsyncNews(AsyncResource):
    """News of the house."""

    def list(self, *, cursor: str | None = None, limit: int = 20) -> AsyncListing[NewsItem]:
        """News, pinned first, then the newest; `limit`: items a page, to 100."""
        return self._listing(contract.LIST, cursor=cursor, limit=limit)

    async def get(self, news_id: int) -> NewsItem:
        """One piece of news. Raises `NewsNotFoundError`."""
        return await self._ask(contract.GET, news_id=news_id)

    async def create(
        self,
        *,
        title: str,
        body: str = "",
        is_pinned: bool = False,
        image_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> NewsItem:
        """Publish news (administrators)."""
        return await self._ask(
            contract.CREATE,
            title=title,
            body=body,
            is_pinned=is_pinned,
            image_url=image_url,
            idempotency_key=idempotency_key,
        )

    async def update(
        self,
        news_id: int,
        *,
        version: int | None = None,
        title: str | None = None,
        body: str | None = None,
        is_pinned: bool | None = None,
        image_url: str | None = None,
    ) -> NewsItem:
        """Change, pin or unpin news (administrators); what is None stays as it is, an empty `image_url` goes.

        With the `version` you have seen, somebody else's change since then is not overwritten:
        `PreconditionFailedError`.
        """
        return await self._ask(
            contract.UPDATE,
            if_match=tag_of(version),
            news_id=news_id,
            title=title,
            body=body,
            is_pinned=is_pinned,
            image_url=image_url,
        )

    async def delete(self, news_id: int, *, version: int | None = None) -> NewsItem:
        """Remove news (administrators)."""
        return await self._ask(contract.DELETE, if_match=tag_of(version), news_id=news_id)
