"""The arithmetic of payments, without any engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.payment import errors
from tiketi_core.payment.model import Answer, Failure, PayableReservation
from tiketi_core.payment.rules import (
    Books,
    Deal,
    Purse,
    check_amounts,
    check_payable,
    is_payable,
    method_of,
    split_refund,
)
from tiketi_core.payment.use_cases import replay

RESERVATION = PayableReservation(
    user_id=UserId(1),
    event_id=EventId(2),
    status="PENDING",
    total_price=1_000,
    expires_at_ms=10_000,
    version=1,
)


@pytest.mark.parametrize(
    ("points", "card", "method"), [(1, 0, "POINT"), (0, 1, "CARD"), (1, 1, "MIXED")]
)
def test_the_parts_say_the_method(points, card, method):
    assert method_of(point_used=points, card_amount=card) == method


def test_amounts_add_up_and_a_card_has_a_token():
    check_amounts(total_price=3, point_used=3, card_amount=0, pg_token=None)
    with pytest.raises(errors.PriceMismatchError):
        check_amounts(total_price=4, point_used=3, card_amount=0, pg_token=None)
    with pytest.raises(InvalidRequestError) as missing:
        check_amounts(total_price=4, point_used=3, card_amount=1, pg_token=None)
    assert missing.value.field == "pg_token"


def test_who_may_pay_what_when():
    asked = {"user_id": 1, "total_price": 1_000, "entry_event_id": 2, "now_ms": 9_999}
    assert check_payable(RESERVATION, **asked) is RESERVATION
    for change, error in [
        ({"user_id": 2}, errors.ReservationNotFoundError),
        ({"entry_event_id": 3}, errors.EntryForOtherEventError),
        ({"now_ms": 10_000}, errors.ReservationNotPayableError),
        ({"total_price": 999}, errors.PriceMismatchError),
    ]:
        with pytest.raises(error):
            check_payable(RESERVATION, **{**asked, **change})
    with pytest.raises(errors.ReservationNotFoundError):
        check_payable(None, **asked)
    assert not is_payable(RESERVATION, now_ms=10_000)


@given(points=st.integers(0, 10**9), card=st.integers(0, 10**9), amount=st.integers(1, 2 * 10**9))
def test_a_refund_gives_back_exactly_and_never_more_than_each_part(points, card, amount):
    if amount > points + card:
        with pytest.raises((errors.RefundTooLargeError, errors.PaymentNotRefundableError)):
            split_refund(amount, points_left=points, card_left=card)
        return
    split = split_refund(amount, points_left=points, card_left=card)
    assert split.points + split.card == amount
    assert 0 <= split.points <= points
    assert 0 <= split.card <= card
    assert split.points == 0 or split.card == card


def test_only_what_is_bought_has_a_limit():
    full = Purse(balance=bounds.balance_won_max)
    with pytest.raises(errors.BalanceLimitReachedError):
        full.post("CHARGE", 1)
    assert full.post("REFUND", 1).balance == bounds.balance_won_max + 1


def test_settled_deals_stay_as_they_are():
    books = Books({1: Purse(balance=100)})
    books.begin(1, Deal(user=1, points=60, card=40))
    assert books.purse(1).held == 60
    books.fail(1)
    books.complete(1)
    assert (books.deals[1].status, books.purse(1).balance, books.purse(1).held) == (
        "FAILED",
        100,
        0,
    )


@pytest.mark.parametrize(
    "kind",
    [
        errors.BalanceLimitReachedError,
        errors.PaymentNotRefundableError,
        errors.ReservationNotPayableError,
    ],
)
def test_a_final_refusal_is_replayed_as_itself(kind):
    with pytest.raises(kind) as replayed:
        replay(Answer(code=kind.code, detail="why"))
    assert replayed.value.detail == "why"


def test_what_is_not_available_now_is_no_final_answer():
    assert not Failure(code="gateway_unavailable").is_final
    assert Failure(code="card_declined").is_final
