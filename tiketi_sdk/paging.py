"""A listing as something to iterate: fetches the next page only when it is asked for."""

from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.codec import build
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Operation, Wire
from tiketi_sdk.errors import InvalidAnswerError

ItemT = TypeVar("ItemT", bound=Wire)


class AsyncListing(Generic[ItemT]):
    """All items of a listing, over page after page; it can be iterated any number of times."""

    def __init__(
        self,
        caller: AsyncCaller,
        operation: Operation[Any, Page[ItemT]],
        fields: dict[str, object],
    ) -> None:
        build(operation, fields)  # bad fields are refused here, not at the first step of a loop
        self._caller = caller
        self._operation = operation
        self._fields = fields

    async def page(self, cursor: str | None = None) -> Page[ItemT]:
        """One page: the first, or that of the `next_cursor` of the page before."""
        fields = self._fields if cursor is None else {**self._fields, "cursor": cursor}
        return await self._caller.call(self._operation, build(self._operation, fields))

    async def pages(self) -> AsyncIterator[Page[ItemT]]:
        """Page after page, each fetched when it is its turn."""
        page = await self.page()
        yield page
        while (cursor := page.next_cursor) is not None:
            page = await self.page(cursor)
            if page.next_cursor == cursor:
                raise InvalidAnswerError(
                    f"{self._operation.name} goes round in circles at {cursor}"
                )
            yield page

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def to_list(self, count_max: int = 100_000) -> list[ItemT]:
        """The items, at most `count_max` of them."""
        items: list[ItemT] = []
        async for page in self.pages():
            items.extend(page.items)
            if len(items) >= count_max:
                break
        return items[:count_max]
