"""The payment service's operations: points, payments by card and points, refunds. All money is whole won."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from tiketi_sdk.contract.fields import (
    VISIBLE,
    Amount,
    AmountOrZero,
    Cursor,
    ExportLimit,
    Id,
    Instant,
    Limit,
    Page,
    PgToken,
    Reason,
)
from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

PaymentMethod = Literal["CARD", "POINT", "MIXED"]
PaymentPurpose = Literal["TICKETS", "POINTS"]
PaymentStatus = Literal["PENDING", "COMPLETED", "FAILED", "PARTIALLY_REFUNDED", "REFUNDED"]
HistoryType = Literal["CHARGE", "USE", "REFUND", "CANCEL"]
ReferenceType = Literal["PAYMENT", "RESERVATION", "MANUAL"]


class ChargeRequest(Request):
    """Buy points by card."""

    amount: Annotated[int, Field(ge=100, le=100_000_000)]
    payment_method: Literal["CARD"] = "CARD"
    pg_token: PgToken


class Charge(Wire):
    """Points that were bought."""

    payment_id: int
    amount: int
    balance: int
    """After the charge."""
    status: PaymentStatus
    """PENDING while the card company has not said yes or no; the points follow if it says yes."""


class PointHistory(Wire):
    """One line of a wallet's append-only history."""

    id: int
    type: HistoryType
    amount: int
    """Positive in, negative out."""
    balance_after: int
    reference_type: ReferenceType
    reference_id: int | None = None
    description: str
    created_at: Instant


class Balance(Wire):
    """A wallet with its latest history, newest first."""

    user_id: int
    balance: int
    held: int = 0
    """Part of `balance` that payments under way have set aside."""
    histories: tuple[PointHistory, ...]


class ListHistoriesRequest(Request):
    """Your point history, newest first."""

    cursor: Cursor | None = None
    limit: Limit = 20


class PayRequest(Request):
    """Pay a reservation; `point_used` + `card_amount` = `total_price` = what the reservation costs."""

    reservation_id: Id
    total_price: Amount
    point_used: AmountOrZero = 0
    card_amount: AmountOrZero = 0
    pg_token: PgToken | None = None
    """Needed where `card_amount` > 0."""


class Payment(Wire):
    """Money that moved, or is about to."""

    id: int
    user_id: int
    purpose: PaymentPurpose
    reservation_id: int | None = None
    payment_method: PaymentMethod
    total_price: int
    point_used: int
    card_amount: int
    refunded_points: int = 0
    refunded_card: int = 0
    status: PaymentStatus
    """PENDING while the card company has not said yes or no: ask again; it will be settled either way."""
    failure_code: str | None = None
    created_at: Instant
    completed_at: Instant | None = None


class PaymentRequest(Request):
    """Which payment."""

    payment_id: Id


class RefundRequest(Request):
    """Give money back; all that is left of the payment unless `amount` says less."""

    payment_id: Id
    amount: Amount | None = None
    reason: Reason


class Refund(Wire):
    """Money given back: points as points, card as card."""

    id: int
    payment_id: int
    amount: int
    points: int
    card: int
    status: Literal["PENDING", "COMPLETED"]
    reason: str
    created_at: Instant


class WebhookData(Request):
    """What the gateway says happened; never believed, only looked up. Its further fields are ignored."""

    model_config = ConfigDict(extra="ignore")

    paymentKey: Annotated[str, shaped(*VISIBLE, min_length=1, max_length=200)]  # noqa: N815  # Toss's spelling
    orderId: Annotated[str, shaped(*VISIBLE, min_length=6, max_length=64)]  # noqa: N815
    status: Annotated[str, StringConstraints(min_length=1, max_length=50)]


class WebhookRequest(Request):
    """A notice in the shape of Toss Payments' `PAYMENT_STATUS_CHANGED`, which carries no signature.

    It is verified by asking the gateway for the order it names. Its further fields are ignored.
    """

    model_config = ConfigDict(extra="ignore")

    eventType: Annotated[str, StringConstraints(min_length=1, max_length=50)]  # noqa: N815
    createdAt: Annotated[str, StringConstraints(min_length=1, max_length=50)]  # noqa: N815
    data: WebhookData


class WebhookReceipt(Wire):
    """The notice was taken; whether it changed anything is between us and the gateway."""

    received: bool = True


class GrantRequest(Request):
    """Give sandbox users points; the same `reference` gives a user nothing twice."""

    user_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=1_000)]
    amount: Amount
    reference: Annotated[
        str, shaped(r"^[A-Za-z0-9:_.-]{1,100}$", "should be 1 to 100 letters, digits, : _ . and -")
    ]


class Granted(Wire):
    """How many wallets got points by this call."""

    granted_count: int


class ExportRequest(Request):
    """Rows from where on."""

    cursor: Cursor | None = None
    limit: ExportLimit = 5_000


class EventExportRequest(Request):
    """Rows of one event, from where on."""

    event_id: Id
    cursor: Cursor | None = None
    limit: ExportLimit = 5_000


class AuditedWallet(Wire):
    """A wallet as it stands in the database."""

    user_id: int
    balance: int
    held: int


class AuditedHistory(Wire):
    """A history line as it stands in the database."""

    id: int
    """Ascending in the order in which the lines of one wallet were written."""
    user_id: int
    type: HistoryType
    amount: int
    balance_after: int


class AuditedPayment(Wire):
    """A payment as it stands in the database."""

    payment_id: int
    reservation_id: int | None
    user_id: int
    status: PaymentStatus
    total_price: int
    point_used: int
    card_amount: int
    refunded_points: int
    refunded_card: int


CHARGE = Operation(
    name="points.charge", method="POST", path="/api/points/charge", request=ChargeRequest, response=Charge,
    status=201, idempotency="required", errors=("card_declined", "balance_limit_reached", "gateway_unavailable"),
    summary="Buy points by card.",
)  # fmt: skip
BALANCE = Operation(
    name="points.balance", method="GET", path="/api/points/balance", request=Nothing, response=Balance,
    summary="Your points and their latest history.",
)  # fmt: skip
HISTORIES = Operation(
    name="points.histories", method="GET", path="/api/points/histories", request=ListHistoriesRequest,
    response=Page[PointHistory], summary="Your point history, newest first.",
)  # fmt: skip
PAY = Operation(
    name="payments.create", method="POST", path="/api/payments", request=PayRequest, response=Payment,
    status=201, entry=True, idempotency="required",
    errors=(
        "reservation_not_found", "reservation_not_payable", "price_mismatch", "insufficient_points",
        "card_declined", "gateway_unavailable",
    ),
    summary="Pay a reservation by card, points or both.",
)  # fmt: skip
GET = Operation(
    name="payments.get", method="GET", path="/api/payments/{payment_id}", request=PaymentRequest, response=Payment,
    errors=("payment_not_found",), summary="One payment.",
)  # fmt: skip
REFUND = Operation(
    name="payments.refund", method="POST", path="/api/refunds", request=RefundRequest, response=Refund,
    access="admin", status=201, idempotency="required",
    errors=("payment_not_found", "payment_not_refundable", "refund_too_large", "gateway_unavailable"),
    summary="Give money back, all or part; all of it cancels the reservation, unless a ticket of it was used.",
)  # fmt: skip
WEBHOOK = Operation(
    name="payments.webhook", method="POST", path="/api/payments/webhook", request=WebhookRequest,
    response=WebhookReceipt, access="public", errors=("gateway_unavailable",), summary="The gateway says that something happened.",
)  # fmt: skip
GRANT = Operation(
    name="points.grant", method="POST", path="/api/points/sandbox/grant", request=GrantRequest, response=Granted,
    access="admin", sandbox_only=True, errors=("balance_limit_reached",),
    same_twice=True, summary="Give many sandbox users points at once.",
)  # fmt: skip
AUDIT_WALLETS = Operation(
    name="audit.wallets", method="GET", path="/api/audit/wallets", request=ExportRequest,
    response=Page[AuditedWallet], access="admin", summary="Every wallet, for the audit.",
)  # fmt: skip
AUDIT_HISTORIES = Operation(
    name="audit.histories", method="GET", path="/api/audit/histories", request=ExportRequest,
    response=Page[AuditedHistory], access="admin", summary="Every line of every wallet, for the audit.",
)  # fmt: skip
AUDIT_PAYMENTS = Operation(
    name="audit.payments", method="GET", path="/api/audit/payments", request=EventExportRequest,
    response=Page[AuditedPayment], access="admin", summary="Every payment for an event, for the audit.",
)  # fmt: skip
