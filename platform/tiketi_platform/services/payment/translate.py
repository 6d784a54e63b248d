"""Wire ↔ domain for payments, points and refunds; decides nothing."""

import hashlib
from typing import TypeVar

import orjson

from tiketi_core.kernel.ids import PaymentId, ReservationId
from tiketi_core.kernel.message import Message
from tiketi_core.payment import model
from tiketi_core.payment.use_cases import Buy, Caller, Pay
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.moments import to_instant
from tiketi_sdk.contract import messages, payment
from tiketi_sdk.contract.operation import Operation, RequestT, ResponseT, Wire

PayloadT = TypeVar("PayloadT", bound=Wire)


def caller(operation: Operation[RequestT, ResponseT], call: Call[RequestT]) -> Caller:
    """Who asks, with the key of an operation that demands one.

    Fields left at their default are left out of the hash, so that a later release with more fields
    still recognises the request.
    """
    assert call.idempotency_key is not None, f"{operation.name} demands a key"
    body = call.body.model_dump_json(exclude_defaults=True)
    digest = hashlib.sha256(f"{operation.name}\n{body}".encode()).digest()
    key = model.RequestKey(
        user_id=call.user_id,
        key=call.idempotency_key,
        operation=operation.name,
        request_hash=digest,
    )
    return Caller(key=key, request_id=call.request_id)


def to_pay(body: payment.PayRequest) -> Pay:
    """The order in a request."""
    return Pay(
        reservation_id=ReservationId(body.reservation_id),
        total_price=body.total_price,
        point_used=body.point_used,
        card_amount=body.card_amount,
        pg_token=body.pg_token,
    )


def to_buy(body: payment.ChargeRequest) -> Buy:
    """The charge in a request."""
    return Buy(amount=body.amount, pg_token=body.pg_token)


def payment_wire(paid: model.Payment) -> payment.Payment:
    """A payment as clients see it: without the gateway's names for it."""
    return payment.Payment(
        id=paid.id,
        user_id=paid.user_id,
        purpose=paid.purpose,
        reservation_id=paid.reservation_id,
        payment_method=paid.payment_method,
        total_price=paid.total_price,
        point_used=paid.point_used,
        card_amount=paid.card_amount,
        refunded_points=paid.refunded_points,
        refunded_card=paid.refunded_card,
        status=paid.status,
        failure_code=paid.failure_code,
        created_at=to_instant(paid.created_at_ms),
        completed_at=None if paid.completed_at_ms is None else to_instant(paid.completed_at_ms),
    )


def charge_wire(settled: model.Settled) -> payment.Charge:
    """A charge with the balance after it."""
    return payment.Charge(
        payment_id=settled.payment.id,
        amount=settled.payment.total_price,
        balance=settled.balance,
        status=settled.payment.status,
    )


def refund_wire(refund: model.Refund) -> payment.Refund:
    """A refund that is done or under way; a refused one is an error before it comes here."""
    assert refund.status != "REFUSED", "a refused refund is a refusal"
    return payment.Refund(
        id=refund.id,
        payment_id=refund.payment_id,
        amount=refund.amount,
        points=refund.points,
        card=refund.card,
        status=refund.status,
        reason=refund.reason,
        created_at=to_instant(refund.created_at_ms),
    )


def history_wire(line: model.HistoryLine) -> payment.PointHistory:
    """One line of a wallet."""
    return payment.PointHistory(
        id=line.id,
        type=line.type,
        amount=line.amount,
        balance_after=line.balance_after,
        reference_type=line.reference_type,
        reference_id=line.reference_id,
        description=line.description,
        created_at=to_instant(line.created_at_ms),
    )


def refused_reservation(message: Message) -> tuple[PaymentId, str] | None:
    """Which payment came for nothing, and why."""
    refused = _read(messages.ReservationRefused, message)
    return PaymentId(refused.payment_id), f"reservation {refused.reason}"


def cancelled_reservation(message: Message) -> tuple[PaymentId, str] | None:
    """Which payment a cancelled reservation had, if it was paid."""
    cancelled = _read(messages.ReservationCancelled, message)
    if cancelled.payment_id is None:
        return None
    return PaymentId(cancelled.payment_id), f"reservation cancelled {cancelled.reason}"


def _read(kind: type[PayloadT], message: Message) -> PayloadT:
    # Strict structs take JSON's lists and moments from JSON only, not from decoded values.
    return kind.model_validate_json(orjson.dumps(message.payload))
