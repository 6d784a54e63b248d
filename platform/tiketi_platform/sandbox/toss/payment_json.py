"""Writes a payment as the Payment object of the Toss API (version 2022-11-16); refuses to decide anything."""

from datetime import datetime, timedelta, timezone
from typing import Any, Final

import orjson

from tiketi_platform.sandbox.toss.errors import toss_error
from tiketi_platform.sandbox.toss.ledger import Answer, Cancel, Payment

_KOREA: Final = timezone(timedelta(hours=9))
_ABSENT: Final = dict.fromkeys((
    "virtualAccount", "transfer", "mobilePhone", "giftCertificate", "cashReceipt", "cashReceipts",
    "discount", "easyPay", "secret", "checkout",
))  # fmt: skip


def korea_time(at_ms: int) -> str:
    """ISO 8601 with seconds and +09:00, the API's form."""
    return datetime.fromtimestamp(at_ms // 1000, _KOREA).isoformat()


def payment_object(payment: Payment, cancels_count: int) -> dict[str, Any]:
    """The payment as it stood after its first `cancels_count` cancellations."""
    cancels = payment.cancels[:cancels_count]
    approved = payment.failure_code is None
    balance_won = (cancels[-1].refundable_won if cancels else payment.amount_won) if approved else 0
    moment = korea_time(payment.at_ms)
    vat_won = balance_won - round(balance_won / 1.1)
    return {
        "mId": "tiketi",
        "version": "2022-11-16",
        "type": "NORMAL",
        "paymentKey": payment.payment_key,
        "orderId": payment.order_id,
        "orderName": payment.order_id,
        "status": _status(payment, balance_won),
        "lastTransactionKey": cancels[-1].transaction_key if cancels else None,
        "method": "카드",
        "currency": "KRW",
        "country": "KR",
        "totalAmount": payment.amount_won,
        "balanceAmount": balance_won,
        "suppliedAmount": balance_won - vat_won,
        "vat": vat_won,
        "taxFreeAmount": 0,
        "taxExemptionAmount": 0,
        "requestedAt": moment,
        "approvedAt": moment if approved else None,
        "useEscrow": False,
        "cultureExpense": False,
        "isPartialCancelable": approved,
        "card": _card(payment) if approved else None,
        "cancels": [_cancel_object(cancel) for cancel in cancels] or None,
        "failure": None if approved else _failure(payment.failure_code or ""),
        "receipt": None,
        **_ABSENT,
    }


def encode(answer: Answer) -> bytes:
    """The body of a successful answer."""
    return orjson.dumps(payment_object(answer.payment, answer.cancels_count))


def _status(payment: Payment, balance_won: int) -> str:
    if payment.failure_code is not None:
        return "ABORTED"
    if balance_won == payment.amount_won:
        return "DONE"
    return "PARTIAL_CANCELED" if balance_won else "CANCELED"


def _card(payment: Payment) -> dict[str, Any]:
    return {
        "issuerCode": "61",
        "acquirerCode": "31",
        "number": "12345678****789*",
        "installmentPlanMonths": 0,
        "isInterestFree": False,
        "interestPayer": None,
        "approveNo": f"{payment.number:08d}",
        "useCardPoint": False,
        "cardType": "신용",
        "ownerType": "개인",
        "acquireStatus": "READY",
        "amount": payment.amount_won,
    }


def _cancel_object(cancel: Cancel) -> dict[str, Any]:
    return {
        "cancelAmount": cancel.amount_won,
        "cancelReason": cancel.reason,
        "taxFreeAmount": 0,
        "taxExemptionAmount": 0,
        "refundableAmount": cancel.refundable_won,
        "easyPayDiscountAmount": 0,
        "canceledAt": korea_time(cancel.at_ms),
        "transactionKey": cancel.transaction_key,
        "receiptKey": None,
        "cancelStatus": "DONE",
        "cancelRequestId": None,
    }


def _failure(code: str) -> dict[str, str]:
    return {"code": code, "message": toss_error(code).message}
