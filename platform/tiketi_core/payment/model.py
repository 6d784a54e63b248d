"""Wallets, payments and refunds as values; nothing here moves money."""

from dataclasses import dataclass
from typing import Literal

from tiketi_core.kernel.ids import EventId, PaymentId, RefundId, ReservationId, UserId

Purpose = Literal["TICKETS", "POINTS"]
Method = Literal["CARD", "POINT", "MIXED"]
PaymentStatus = Literal["PENDING", "COMPLETED", "FAILED", "PARTIALLY_REFUNDED", "REFUNDED"]
RefundStatus = Literal["PENDING", "COMPLETED", "REFUSED"]
HistoryType = Literal["CHARGE", "USE", "REFUND", "CANCEL"]
ReferenceType = Literal["PAYMENT", "RESERVATION", "MANUAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """One user's points. `0 <= held <= balance`, always."""

    user_id: UserId
    balance: int = 0
    held: int = 0
    """Part of `balance` that payments and refunds under way have set aside."""

    @property
    def free(self) -> int:
        """What may be used now."""
        return self.balance - self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One line of a wallet's append-only history."""

    id: int
    """Ascending within a wallet, in the order of writing."""
    user_id: UserId
    type: HistoryType
    amount: int
    """Positive in, negative out; never 0."""
    balance_after: int
    """The sum of all lines of this wallet up to this one."""
    reference_type: ReferenceType
    reference_id: int | None
    description: str
    created_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that moved, or is about to. `point_used + card_amount == total_price`, always."""

    id: PaymentId
    user_id: UserId
    purpose: Purpose
    reservation_id: ReservationId | None
    event_id: EventId | None
    payment_method: Method
    total_price: int
    point_used: int
    card_amount: int
    refunded_points: int
    refunded_card: int
    status: PaymentStatus
    order_id: str
    """Random and unique for ever; the gateway knows the payment by it."""
    payment_key: str | None
    """The gateway's name for the charge, once there is one."""
    pg_token: str | None
    """What `approve` takes; kept only while the payment is PENDING."""
    is_aborting: bool
    """Whether a PENDING payment was decided against: it can only fail, once its card has the money back."""
    failure_code: str | None
    created_at_ms: int
    completed_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A payment as it stands, with its owner's balance at that moment."""

    payment: Payment
    balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back: points as points, card as card. `points + card == amount`, always."""

    id: RefundId
    payment_id: PaymentId
    amount: int
    points: int
    """Points put back into the wallet."""
    card: int
    """Won that go back to the card."""
    status: RefundStatus
    reason: str
    created_at_ms: int
    order_id: str
    payment_key: str | None
    """Where the card part goes."""
    card_returned: int
    """Won of the same payment that completed refunds gave back to the card, when this was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """A client's promise that repeating a request means the same request."""

    user_id: UserId
    key: str
    operation: str
    request_hash: bytes
    """Of the operation and the body: the same request hashes the same, in every process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A final answer as it was given: a refusal, or what was done, frozen at that moment."""

    code: str | None = None
    """The refusal's code; None for a success."""
    detail: str = ""
    gateway_code: str = ""
    settled: Settled | None = None
    refund: Refund | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A payment that is about to begin."""

    user_id: UserId
    purpose: Purpose
    reservation_id: ReservationId | None
    event_id: EventId | None
    total_price: int
    point_used: int
    card_amount: int
    pg_token: str | None
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A payment that began just now, or the answer its request was given before."""

    settled: Settled | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundBegun:
    """A refund that began just now, or the answer its request was given before."""

    refund: Refund | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a payment took no money."""

    code: str
    detail: str = ""
    gateway_code: str = ""

    @property
    def is_final(self) -> bool:
        """Whether repeating the request replays this; otherwise its key is free and it starts afresh."""
        return self.code != "gateway_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayableReservation:
    """What the reservation service says about a reservation somebody wants to pay."""

    user_id: UserId
    event_id: EventId
    status: str
    total_price: int
    expires_at_ms: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How patient the settlement is."""

    lease_ms: int = 15_000
    """How long one process has a payment to itself; longer than two calls of the gateway."""
    confirm_window_ms: int = 610_000
    """When a charge the gateway does not know can no longer come: its window and ten seconds."""
    declined_lease_ms: int = 3_600_000
    """How long a refund that we owe and the gateway declined waits before the gateway is asked again."""
    batch: int = 100
    """Payments and refunds taken in one round of the recovery."""
