"""What every resource is built on; it calls nothing by itself."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.contract import queue
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Operation, Wire
from tiketi_sdk.errors import ApiError, EntryRequiredError
from tiketi_sdk.paging import AsyncListing

AnswerT = TypeVar("AnswerT")
ItemT = TypeVar("ItemT", bound=Wire)


def tag_of(version: int | None) -> str | None:
    """What `If-Match` says for a version; None for whatever version."""
    return None if version is None else f'"{version}"'


class AsyncResource:
    """One group of operations of a client."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller
        self._ask = caller.ask

    def _listing(
        self, operation: Operation[Any, Page[ItemT]], **fields: object
    ) -> AsyncListing[ItemT]:
        return AsyncListing(self._caller, operation, fields)

    async def _entering(
        self, event_id: int | None, send: Callable[[str | None], Awaitable[AnswerT]]
    ) -> AnswerT:
        """`send` with the entry token remembered for an event; one that ran out is renewed once."""
        token = None if event_id is None else self._caller.entry_token(event_id)
        try:
            return await send(token)
        except EntryRequiredError:
            if event_id is None or token is None:
                raise
            fresh = await self._fresh_entry(event_id)
            if fresh is None or fresh == token:
                raise
        return await send(fresh)

    async def _fresh_entry(self, event_id: int) -> str | None:
        try:
            place = await self._ask(queue.STATUS, event_id=event_id)
        except ApiError:
            return None  # the refusal that led here says it better
        await self._caller.keeper.remember_entry(event_id, place.entry_token)
        return place.entry_token
