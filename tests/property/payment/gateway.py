"""A card gateway in memory that does what the next move says; the real client has tests of its own."""

from dataclasses import dataclass, field, replace
from typing import Literal

from tiketi_core.payment.gateway import (
    Approval,
    Cancellation,
    CardDeclinedError,
    GatewayUnknownError,
    GatewayUnreachableError,
)

Fate = Literal["ok", "declined", "lost_after", "lost_before", "unreachable"]


@dataclass
class FatefulGateway:
    """Charges by order id, once; `fate` applies to the next approval or cancellation only."""

    fate: Fate = "ok"
    charges: dict[str, Approval] = field(default_factory=dict)
    cancellations: dict[str, Cancellation] = field(default_factory=dict)

    def _next(self) -> Fate:
        fate, self.fate = self.fate, "ok"
        return fate

    async def approve(self, *, pg_token: str, order_id: str, amount_won: int) -> Approval:
        fate = self._next()
        if fate == "unreachable":
            raise GatewayUnreachableError
        if fate == "declined" or pg_token == "declined":
            raise CardDeclinedError("no")
        if fate == "lost_before":
            raise GatewayUnknownError
        approval = Approval(f"pk-{order_id}", order_id, amount_won, amount_won, 0)
        approval = self.charges.setdefault(order_id, approval)
        if fate == "lost_after":
            raise GatewayUnknownError
        return approval

    async def find(self, *, order_id: str) -> Approval | None:
        return self.charges.get(order_id)

    async def cancel(
        self, *, payment_key: str, amount_won: int, reason: str, idempotency_key: str
    ) -> Cancellation:
        fate = self._next()
        if fate in {"lost_before", "unreachable"}:
            raise GatewayUnknownError
        if idempotency_key not in self.cancellations:
            order_id = payment_key.removeprefix("pk-")
            charge = self.charges[order_id]
            balance = charge.balance_won - amount_won
            assert balance >= 0, "more was given back than was charged"
            self.charges[order_id] = replace(charge, balance_won=balance)
            self.cancellations[idempotency_key] = Cancellation(
                payment_key, idempotency_key, amount_won, balance, 0
            )
        if fate == "lost_after":
            raise GatewayUnknownError
        return self.cancellations[idempotency_key]
