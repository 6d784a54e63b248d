"""Reads what Toss answered into the core's outcomes; refuses to call anything certain that is not.

Error codes are those of the API's reference. Anything not known to be a refusal is *unknown*, because
taking an unknown charge for a refusal loses somebody's money.
"""

from datetime import datetime
from typing import Any, Final

from tiketi_core.payment.gateway import (
    Approval,
    Cancellation,
    CancelRefusedError,
    CardDeclinedError,
    GatewayError,
    GatewayRefusedError,
    GatewayUnknownError,
)

_CHARGED: Final = frozenset({"DONE", "PARTIAL_CANCELED", "CANCELED"})
_NOT_OURS_TO_USE: Final = frozenset(
    {
        "UNAUTHORIZED_KEY",
        "INVALID_API_KEY",
        "INCORRECT_BASIC_AUTH_FORMAT",
        "FORBIDDEN_REQUEST",
        "INVALID_IDEMPOTENCY_KEY",
    }
)
"""Answers about us and not about the card."""
_DONE_BEFORE: Final = frozenset({"ALREADY_PROCESSED_PAYMENT", "DUPLICATED_ORDER_ID"})
_UNDECIDED: Final = frozenset(
    {
        "IDEMPOTENT_REQUEST_PROCESSING",
        "PROVIDER_ERROR",
        "CARD_PROCESSING_ERROR",
        "TOO_MANY_REQUESTS",
        "FORBIDDEN_CONSECUTIVE_REQUEST",
    }
)
"""4xx answers after which the same request may still succeed, or may have."""
_ABSENT: Final = frozenset({"NOT_FOUND_PAYMENT", "NOT_FOUND"})
_UNDECIDED_STATUSES: Final = frozenset({408, 409, 425, 429})


def approval(answer: dict[str, Any], *, order_id: str, amount_won: int) -> Approval:
    """A confirm's payment; GatewayUnknownError when it is not the charge that was asked for."""
    known = found(answer, order_id=order_id)
    if known is None or known.amount_won != amount_won:
        raise GatewayUnknownError("The gateway answered with another charge than was asked for.")
    return known


def found(answer: dict[str, Any], *, order_id: str) -> Approval | None:
    """A queried payment; None when it exists and the card was not charged."""
    match answer:
        case {"orderId": str(answered), "status": str(status)} if answered == order_id:
            return _approval(answer) if status in _CHARGED else None
        case _:
            raise GatewayUnknownError("The gateway's answer is not a payment of this order.")


def _approval(answer: dict[str, Any]) -> Approval:
    match answer:
        case {
            "paymentKey": str(payment_key),
            "orderId": str(order_id),
            "totalAmount": int(amount_won),
            "balanceAmount": int(balance_won),
            "approvedAt": str(approved_at),
        } if 0 <= balance_won <= amount_won:
            return Approval(payment_key, order_id, amount_won, balance_won, _epoch_ms(approved_at))
        case _:
            raise GatewayUnknownError("The gateway's payment lacks what a payment has.")


def cancellation(answer: dict[str, Any], *, payment_key: str, amount_won: int) -> Cancellation:
    """The cancellation a cancel made, which is the payment's last one."""
    match answer:
        case {
            "paymentKey": str(answered),
            "balanceAmount": int(balance_won),
            "cancels": [
                *_,
                {
                    "cancelAmount": int(cancelled_won),
                    "transactionKey": str(transaction_key),
                    "canceledAt": str(cancelled_at),
                },
            ],
        } if answered == payment_key and cancelled_won == amount_won:
            return Cancellation(
                payment_key, transaction_key, amount_won, balance_won, _epoch_ms(cancelled_at)
            )
        case _:
            raise GatewayUnknownError("The gateway's answer is not the cancellation asked for.")


def was_done_before(answer: dict[str, Any]) -> bool:
    """Whether a confirm was refused because the order is already decided."""
    return answer.get("code") in _DONE_BEFORE


def is_absent(status: int, answer: dict[str, Any]) -> bool:
    """Whether a query says that there is no such payment."""
    return status == 404 and answer.get("code") in _ABSENT


def approve_error(status: int, answer: dict[str, Any]) -> GatewayError:
    """What an unsuccessful confirm means."""
    return _error(status, answer, refusal=CardDeclinedError)


def cancel_error(status: int, answer: dict[str, Any]) -> GatewayError:
    """What an unsuccessful cancel means."""
    return _error(status, answer, refusal=CancelRefusedError)


def find_error(status: int, answer: dict[str, Any]) -> GatewayError:
    """What an unsuccessful query means; never that the charge does not exist."""
    return _error(status, answer, refusal=GatewayUnknownError)


def _error(status: int, answer: dict[str, Any], *, refusal: type[GatewayError]) -> GatewayError:
    match answer:
        case {"code": str(code), "message": str(message)}:
            pass
        case _:
            return GatewayUnknownError(f"The gateway answered {status} without saying why.")
    if code in _NOT_OURS_TO_USE or status == 401:
        return GatewayRefusedError(message, gateway_code=code)
    if 400 <= status < 500 and status not in _UNDECIDED_STATUSES and code not in _UNDECIDED:
        return refusal(message, gateway_code=code)
    return GatewayUnknownError(message, gateway_code=code)


def _epoch_ms(moment: str) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp() * 1_000)
    except ValueError as error:
        raise GatewayUnknownError(f"The gateway's time {moment!r} is none.") from error
