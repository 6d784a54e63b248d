"""What every resource is built on; it calls nothing by itself."""

from typing import Any, TypeVar

from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Operation, Wire
from tiketi_sdk.paging import AsyncListing

ItemT = TypeVar("ItemT", bound=Wire)


class AsyncResource:
    """One group of operations of a client."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller
        self._ask = caller.ask

    def _listing(
        self, operation: Operation[Any, Page[ItemT]], **fields: object
    ) -> AsyncListing[ItemT]:
        return AsyncListing(self._caller, operation, fields)
