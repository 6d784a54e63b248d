"""The arithmetic of payments and wallets, pure; property tests drive `Books` beside PostgreSQL.

Refund rule: money goes back to the card first, up to what the card paid and has not got back, and the
rest as points. So no part ever exceeds what was paid with it, and nothing is divided or rounded.
"""

from dataclasses import dataclass, field, replace

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_core.payment.errors import (
    BalanceLimitReachedError,
    EntryForOtherEventError,
    EntryOverError,
    InsufficientPointsError,
    PaymentNotRefundableError,
    PriceMismatchError,
    RefundTooLargeError,
    ReservationNotFoundError,
    ReservationNotPayableError,
)
from tiketi_core.payment.model import HistoryType, Method, PayableReservation, PaymentStatus

REFUNDABLE: frozenset[PaymentStatus] = frozenset({"COMPLETED", "PARTIALLY_REFUNDED"})
LIVING: frozenset[PaymentStatus] = frozenset({"PENDING", "COMPLETED", "PARTIALLY_REFUNDED"})
"""Of payments in these states a reservation has at most one."""


def method_of(*, point_used: int, card_amount: int) -> Method:
    """How a payment with these parts is paid; at least one of them is positive."""
    assert point_used + card_amount > 0, "a payment moves money"
    if card_amount == 0:
        return "POINT"
    return "MIXED" if point_used else "CARD"


def check_amounts(
    *, total_price: int, point_used: int, card_amount: int, pg_token: str | None
) -> None:
    """Whether the parts of a payment make sense by themselves."""
    if point_used + card_amount != total_price:
        raise PriceMismatchError("point_used and card_amount do not add up to total_price")
    if card_amount > 0 and pg_token is None:
        raise InvalidRequestError("is needed where card_amount is above 0", field="pg_token")


def check_payable(
    reservation: PayableReservation | None,
    *,
    user_id: int,
    total_price: int,
    entry_event_id: int | None,
    now_ms: int,
) -> PayableReservation:
    """The reservation, if this user may pay this price for it now; without an entry nobody may."""
    if entry_event_id is None:
        raise EntryOverError
    if reservation is None or reservation.user_id != user_id:
        raise ReservationNotFoundError
    if reservation.event_id != entry_event_id:
        raise EntryForOtherEventError
    if not is_payable(reservation, now_ms=now_ms):
        raise ReservationNotPayableError
    if reservation.total_price != total_price:
        raise PriceMismatchError(f"the reservation costs {reservation.total_price} won")
    return reservation


def is_payable(reservation: PayableReservation, *, now_ms: int) -> bool:
    """Whether a payment would still confirm it; the deadline itself is too late."""
    return reservation.status == "PENDING" and now_ms < reservation.expires_at_ms


@dataclass(frozen=True, slots=True)
class RefundSplit:
    """The parts of a refund."""

    points: int
    card: int


def split_refund(amount: int | None, *, points_left: int, card_left: int) -> RefundSplit:
    """What of a refund goes where; all that is left for None."""
    left = points_left + card_left
    if left == 0:
        raise PaymentNotRefundableError("all of it was given back")
    if amount is not None and amount > left:
        raise RefundTooLargeError(f"{left} won are left of the payment")
    wanted = left if amount is None else amount
    card = min(wanted, card_left)
    return RefundSplit(points=wanted - card, card=card)


@dataclass(frozen=True, slots=True)
class Line:
    """One history line, as the reference sees it."""

    type: HistoryType
    amount: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class Purse:
    """A wallet with its history; every move gives a new one or refuses."""

    balance: int = 0
    held: int = 0
    lines: tuple[Line, ...] = ()

    def hold(self, amount: int) -> "Purse":
        """Set points aside."""
        if amount > self.balance - self.held:
            raise InsufficientPointsError
        return replace(self, held=self.held + amount)

    def release(self, amount: int) -> "Purse":
        """Let go of points that were set aside."""
        assert amount <= self.held, "only what is held can be released"
        return replace(self, held=self.held - amount)

    def post(self, kind: HistoryType, amount: int) -> "Purse":
        """Write one line; 0 writes none."""
        if amount == 0:
            return self
        balance = self.balance + amount
        # Only what is bought has a limit: giving back what was taken must never fail.
        if kind == "CHARGE" and balance > bounds.balance_won_max:
            raise BalanceLimitReachedError
        assert balance >= self.held, "what is held cannot be spent"
        return replace(self, balance=balance, lines=(*self.lines, Line(kind, amount, balance)))


@dataclass(frozen=True, slots=True)
class Deal:
    """One payment, as the reference sees it."""

    user: int
    points: int
    card: int
    buys_points: bool = False
    status: PaymentStatus = "PENDING"
    returned_points: int = 0
    returned_card: int = 0

    @property
    def points_left(self) -> int:
        return self.points - self.returned_points

    @property
    def card_left(self) -> int:
        return self.card - self.returned_card


@dataclass(slots=True)
class Books:
    """The whole state machine in memory: what PostgreSQL must do, move by move."""

    purses: dict[int, Purse] = field(default_factory=dict)
    deals: dict[int, Deal] = field(default_factory=dict)

    def purse(self, user: int) -> Purse:
        return self.purses.get(user, Purse())

    def begin(self, deal_id: int, deal: Deal) -> None:
        """Begin a payment; one by points alone completes at once."""
        self.purses[deal.user] = self.purse(deal.user).hold(deal.points)
        self.deals[deal_id] = deal
        if deal.card == 0:
            self.complete(deal_id)

    def complete(self, deal_id: int) -> None:
        """The card was charged: post. A settled payment stays as it is."""
        deal = self.deals[deal_id]
        if deal.status != "PENDING":
            return
        purse = self.purse(deal.user)
        if deal.buys_points:
            purse = purse.post("CHARGE", deal.card)
        else:
            purse = purse.release(deal.points).post("USE", -deal.points)
        self.purses[deal.user] = purse
        self.deals[deal_id] = replace(deal, status="COMPLETED")

    def fail(self, deal_id: int) -> None:
        """The card was not charged: let go. A settled payment stays as it is."""
        deal = self.deals[deal_id]
        if deal.status == "PENDING":
            self.purses[deal.user] = self.purse(deal.user).release(deal.points)
            self.deals[deal_id] = replace(deal, status="FAILED")

    def refund(self, deal_id: int, amount: int | None) -> RefundSplit:
        """Give money back, at once and completely."""
        deal = self.deals[deal_id]
        if deal.status not in REFUNDABLE:
            raise PaymentNotRefundableError
        split = split_refund(amount, points_left=deal.points_left, card_left=deal.card_left)
        purse = self.purse(deal.user)
        if deal.buys_points:
            if split.card > purse.balance - purse.held:
                raise PaymentNotRefundableError
            purse = purse.post("CANCEL", -split.card)
        else:
            purse = purse.post("REFUND", split.points)
        self.purses[deal.user] = purse
        deal = replace(
            deal,
            returned_points=deal.returned_points + split.points,
            returned_card=deal.returned_card + split.card,
        )
        is_empty = deal.points_left + deal.card_left == 0
        self.deals[deal_id] = replace(deal, status="REFUNDED" if is_empty else "PARTIALLY_REFUNDED")
        return split
