"""`client.points`: the wallet. 1 point is 1 won, always whole."""

from collections.abc import Iterable

from tiketi_sdk.contract import payment as contract
from tiketi_sdk.contract.payment import Balance, Charge, Granted, PointHistory
from tiketi_sdk.paging import AsyncListing
from tiketi_sdk.resources.base import AsyncResource


class AsyncPoints(AsyncResource):
    """Points."""

    async def charge(
        self, amount: int, *, pg_token: str, idempotency_key: str | None = None
    ) -> Charge:
        """Buy 100 to 100,000,000 points by card; `pg_token` is what the card company's window returned.

        Raises `CardDeclinedError`, `BalanceLimitReachedError`, `GatewayUnavailableError`.
        """
        return await self._ask(
            contract.CHARGE, amount=amount, pg_token=pg_token, idempotency_key=idempotency_key
        )

    async def balance(self) -> Balance:
        """Your points with their latest history."""
        return await self._ask(contract.BALANCE)

    def histories(
        self, *, cursor: str | None = None, limit: int = 20
    ) -> AsyncListing[PointHistory]:
        """Your history, newest first; `limit`: items a page, to 100."""
        return self._listing(contract.HISTORIES, cursor=cursor, limit=limit)

    async def grant(self, user_ids: Iterable[int], *, amount: int, reference: str) -> Granted:
        """Give up to 1,000 sandbox users points, once per `reference`; an administrator's, sandbox only."""
        return await self._ask(
            contract.GRANT, user_ids=tuple(user_ids), amount=amount, reference=reference
        )
