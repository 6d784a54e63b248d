"""What a card gateway can answer, as values and errors; refuses to know which gateway it is.

An approval has three outcomes and the difference is money:

* it returns an `Approval`: the card was charged;
* it raises `CardDeclinedError` or `GatewayRefusedError`: the card was not charged, and never will be by
  this call;
* it raises `GatewayUnknownError`: nobody knows. Repeat `approve` with the same order id (it is safe, and
  the only way to be certain at once), or ask `find` later.
"""

from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.errors import DomainError

CONFIRM_WINDOW_S: Final = 600
"""How long a gateway accepts `approve` for a token. `find` answering None is final only after this long:
before, a request that timed out here may still be on its way there."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A card charge that happened."""

    payment_key: str
    """The gateway's own name for the charge, 1-200 characters; what `cancel` takes."""
    order_id: str
    """Ours: 6-64 characters of letters, digits, `-` and `_`; unique for ever."""
    amount_won: int
    """What was charged, > 0."""
    balance_won: int
    """What is left of it after cancellations, 0..amount_won."""
    approved_at_ms: int
    """Milliseconds since the Unix epoch, by the gateway's clock."""

    @property
    def cancelled_won(self) -> int:
        """How much went back to the card so far."""
        return self.amount_won - self.balance_won


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Money that went back to the card."""

    payment_key: str
    transaction_key: str
    """The gateway's name for this cancellation; the same one when the call is repeated."""
    amount_won: int
    balance_won: int
    """What is left of the charge, 0 when all of it is back."""
    cancelled_at_ms: int


class GatewayError(DomainError):
    """The card gateway did not do what it was asked."""

    code = "gateway_unavailable"

    def __init__(self, detail: str = "", *, gateway_code: str = "") -> None:
        extra = {"gateway_code": gateway_code} if gateway_code else None
        super().__init__(detail, extra=extra)
        self.gateway_code = gateway_code
        """The gateway's own error code, for the log and the record; empty when it gave none."""


class CardDeclinedError(GatewayError):
    """The card was refused; nothing was charged."""

    code = "card_declined"


class CancelRefusedError(GatewayError):
    """The gateway will not give this amount back: cancelled before, or more than is left."""

    code = "payment_not_refundable"


class GatewayRefusedError(GatewayError):
    """The gateway does not accept us (keys, permissions); nothing was charged, and trying again is useless."""

    code = "gateway_unavailable"


class GatewayUnknownError(GatewayError):
    """The gateway did not answer clearly: the charge (or cancellation) may or may not have happened."""

    code = "gateway_unavailable"


class GatewayUnreachableError(GatewayUnknownError):
    """The gateway could not be reached: this call sent it nothing, though an earlier one may have."""

    code = "gateway_unavailable"
