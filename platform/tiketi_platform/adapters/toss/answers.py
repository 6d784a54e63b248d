"""Reads what Toss answered into the core's outcomes; refuses to call anything certain that is not.

Error codes are those of the API's reference, endpoint by endpoint (docs.tosspayments.com/reference).
A code that is not listed here as a refusal is *unknown*, also with a 4xx status: taking an unknown
charge for a refusal loses somebody's money, and asking again costs a moment.
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
from tiketi_platform.framework.moments import to_ms

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
_ABSENT: Final = frozenset({"NOT_FOUND_PAYMENT", "NOT_FOUND"})

_DECLINES: Final = frozenset(
    {
        "BELOW_MINIMUM_AMOUNT",
        "EXCEED_MAX_AMOUNT",
        "EXCEED_MAX_AUTH_COUNT",
        "EXCEED_MAX_CARD_INSTALLMENT_PLAN",
        "EXCEED_MAX_DAILY_PAYMENT_COUNT",
        "EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT",
        "EXCEED_MAX_ONE_DAY_AMOUNT",
        "EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT",
        "EXCEED_MAX_ONE_TIME_WITHDRAW_AMOUNT",
        "EXCEED_MAX_PAYMENT_AMOUNT",
        "FDS_ERROR",
        "INVALID_ACCOUNT_INFO_RE_REGISTER",
        "INVALID_AUTHORIZE_AUTH",
        "INVALID_CARD_EXPIRATION",
        "INVALID_CARD_INSTALLMENT_PLAN",
        "INVALID_CARD_LOST_OR_STOLEN",
        "INVALID_CARD_NUMBER",
        "INVALID_PASSWORD",
        "INVALID_REJECT_CARD",
        "INVALID_REQUEST",
        "INVALID_STOPPED_CARD",
        "INVALID_UNREGISTERED_SUBMALL",
        "NOT_ALLOWED_POINT_USE",
        "NOT_AVAILABLE_BANK",
        "NOT_AVAILABLE_PAYMENT",
        "NOT_FOUND_PAYMENT",
        "NOT_FOUND_PAYMENT_SESSION",
        "NOT_FOUND_TERMINAL_ID",
        "NOT_REGISTERED_BUSINESS",
        "NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT",
        "NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN",
        "REJECT_ACCOUNT_PAYMENT",
        "REJECT_CARD_COMPANY",
        "REJECT_CARD_PAYMENT",
        "REJECT_TOSSPAY_INVALID_ACCOUNT",
        "RESTRICTED_TRANSFER_ACCOUNT",
        "UNAPPROVED_ORDER_ID",
    }
)
"""Answers to a confirm after which nothing was charged and the same request never will be."""

_CANCEL_REFUSALS: Final = frozenset(
    {
        "ALREADY_CANCELED_PAYMENT",
        "ALREADY_REFUND_PAYMENT",
        "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
        "EXCEED_CANCEL_LIMIT",
        "EXCEED_MAX_REFUND_DUE",
        "FORBIDDEN_BANK_REFUND_REQUEST",
        "INVALID_BANK",
        "INVALID_REFUND_ACCOUNT_INFO",
        "INVALID_REFUND_ACCOUNT_NUMBER",
        "INVALID_REQUEST",
        "NOT_ALLOWED_PARTIAL_REFUND",
        "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
        "NOT_CANCELABLE_AMOUNT",
        "NOT_CANCELABLE_PAYMENT",
        "NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER",
        "NOT_FOUND_PAYMENT",
        "NOT_MATCHES_REFUNDABLE_AMOUNT",
        "REFUND_REJECTED",
    }
)
"""Answers to a cancel after which this amount does not go back by this call."""

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
    return _error(status, answer, refusal=CardDeclinedError, refusals=_DECLINES)


def cancel_error(status: int, answer: dict[str, Any]) -> GatewayError:
    """What an unsuccessful cancel means."""
    return _error(status, answer, refusal=CancelRefusedError, refusals=_CANCEL_REFUSALS)


def find_error(status: int, answer: dict[str, Any]) -> GatewayError:
    """What an unsuccessful query means; never that the charge does not exist."""
    return _error(status, answer, refusal=GatewayUnknownError, refusals=frozenset())


def _error(
    status: int,
    answer: dict[str, Any],
    *,
    refusal: type[GatewayError],
    refusals: frozenset[str],
) -> GatewayError:
    match answer:
        case {"code": str(code), "message": str(message)}:
            pass
        case _:
            return GatewayUnknownError(f"The gateway answered {status} without saying why.")
    if code in _NOT_OURS_TO_USE or status == 401:
        return GatewayRefusedError(message, gateway_code=code)
    if 400 <= status < 500 and status not in _UNDECIDED_STATUSES and code in refusals:
        return refusal(message, gateway_code=code)
    return GatewayUnknownError(message, gateway_code=code)


def _epoch_ms(moment: str) -> int:
    try:
        return to_ms(datetime.fromisoformat(moment))
    except (TypeError, ValueError) as error:
        raise GatewayUnknownError(f"The gateway's time {moment!r} is none.") from error
