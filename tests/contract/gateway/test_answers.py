"""How answers are read that the sandbox does not give: nothing uncertain is ever called a refusal."""

import pytest

from tiketi_core.payment.gateway import (
    CancelRefusedError,
    CardDeclinedError,
    GatewayRefusedError,
    GatewayUnknownError,
)
from tiketi_platform.adapters.toss import answers

PAYMENT = {
    "paymentKey": "k",
    "orderId": "order-1",
    "status": "DONE",
    "totalAmount": 100,
    "balanceAmount": 100,
    "approvedAt": "2026-11-22T19:00:00+09:00",
}


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (403, {"code": "REJECT_CARD_COMPANY", "message": "m"}, CardDeclinedError),
        (404, {"code": "NOT_FOUND_PAYMENT_SESSION", "message": "m"}, CardDeclinedError),
        (400, {"code": "A_CODE_OF_TOMORROW", "message": "m"}, GatewayUnknownError),
        (401, {"code": "UNAUTHORIZED_KEY", "message": "m"}, GatewayRefusedError),
        (403, {"code": "FORBIDDEN_REQUEST", "message": "m"}, GatewayRefusedError),
        (400, {"code": "PROVIDER_ERROR", "message": "m"}, GatewayUnknownError),
        (409, {"code": "IDEMPOTENT_REQUEST_PROCESSING", "message": "m"}, GatewayUnknownError),
        (429, {"code": "ANYTHING", "message": "m"}, GatewayUnknownError),
        (500, {"code": "REJECT_CARD_COMPANY", "message": "m"}, GatewayUnknownError),
        (400, {}, GatewayUnknownError),
        (302, {"code": "X", "message": "m"}, GatewayUnknownError),
        (403, {"code": 5, "message": None}, GatewayUnknownError),
    ],
)
def test_what_an_unsuccessful_confirm_means(status: int, answer: dict, kind: type):
    assert type(answers.approve_error(status, answer)) is kind


def test_a_query_that_fails_never_says_that_nothing_was_charged():
    for status in (400, 403, 404, 429, 500):
        error = answers.find_error(status, {"code": "SOMETHING", "message": "m"})
        assert type(error) is GatewayUnknownError
    assert not answers.is_absent(404, {})
    assert answers.is_absent(404, {"code": "NOT_FOUND_PAYMENT", "message": "m"})


def test_a_refused_cancellation_is_one():
    error = answers.cancel_error(403, {"code": "NOT_CANCELABLE_AMOUNT", "message": "m"})
    assert type(error) is CancelRefusedError
    error = answers.cancel_error(403, {"code": "A_CODE_OF_TOMORROW", "message": "m"})
    assert type(error) is GatewayUnknownError


@pytest.mark.parametrize(
    "changed",
    [
        {"orderId": "order-2"},
        {"totalAmount": 99},
        {"totalAmount": "100"},
        {"balanceAmount": 101},
        {"approvedAt": "yesterday"},
        {"paymentKey": None},
        {"status": "WAITING_FOR_DEPOSIT"},
    ],
)
def test_another_charge_than_asked_for_is_unknown(changed: dict):
    assert answers.approval(PAYMENT, order_id="order-1", amount_won=100).amount_won == 100
    with pytest.raises(GatewayUnknownError):
        answers.approval({**PAYMENT, **changed}, order_id="order-1", amount_won=100)


@pytest.mark.parametrize("status", ["READY", "IN_PROGRESS", "ABORTED", "EXPIRED"])
def test_a_payment_that_was_not_charged_is_none(status: str):
    assert answers.found({**PAYMENT, "status": status}, order_id="order-1") is None
