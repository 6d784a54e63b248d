"""Why payments, charges and refunds are refused; every class has a stable code and changes nothing."""

from tiketi_core.kernel.errors import DomainError


class PaymentNotFoundError(DomainError):
    """There is no such payment, or it is not yours to see."""

    code = "payment_not_found"


class ReservationNotFoundError(DomainError):
    """There is no such reservation, or it is somebody else's."""

    code = "reservation_not_found"


class ReservationNotPayableError(DomainError):
    """The reservation is paid, cancelled or past its deadline, or a payment for it is under way."""

    code = "reservation_not_payable"


class PriceMismatchError(DomainError):
    """`point_used` and `card_amount` must add up to `total_price`, and that is what the reservation costs."""

    code = "price_mismatch"


class EntryOverError(DomainError):
    """The admission is over; come through the waiting room of this event again."""

    code = "entry_required"


class EntryForOtherEventError(DomainError):
    """The entry token lets you into another event than the reservation's."""

    code = "entry_required"


class InsufficientPointsError(DomainError):
    """The wallet does not hold that many points that are free to use."""

    code = "insufficient_points"


class BalanceLimitReachedError(DomainError):
    """The wallet would hold more points than a wallet may."""

    code = "balance_limit_reached"


class PaymentNotRefundableError(DomainError):
    """Nothing of this payment can be given back: it took no money, gave it back, or its points are spent."""

    code = "payment_not_refundable"


class RefundTooLargeError(DomainError):
    """The refund is larger than what is left of the payment."""

    code = "refund_too_large"


class IdempotencyKeyReusedError(DomainError):
    """This Idempotency-Key came with a different request before."""

    code = "idempotency_key_reused"


class IdempotencyInFlightError(DomainError):
    """The first request with this Idempotency-Key has no final answer yet."""

    code = "idempotency_in_flight"
