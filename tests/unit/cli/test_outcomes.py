"""A command succeeds only if what it was asked for came about, asks before it takes away, and blames nobody else."""

from __future__ import annotations

import pytest

from tests.unit.cli.test_commands import CHARGE, EVENT, PAYMENT, RESERVATION, SEATS


@pytest.mark.parametrize(
    ("seats_per_row", "more", "status"), [(4, (), 0), (5, (), 2), (5, ("--yes",), 0)]
)
def test_seats_of_another_hall_are_replaced_after_a_yes(
    at_service, service, seats_per_row, more, status
):
    section = {"name": "VIP", "rows": 1, "seats_per_row": seats_per_row, "price": 150_000}
    hall = {"name": "small", "title": "소극장", "seats_count": 4, "sections": [section]}
    made = {
        "event_id": 1,
        "layout": "small",
        "seats_count": 4,
        "created_count": 0,
        "removed_count": 0,
    }
    service.says("GET /api/seats", SEATS)
    service.says("GET /api/seats/layouts", {"items": [hall]})
    service.says("POST /api/seats/generate", made, status=201)
    ended = at_service("seats", "generate", "1", "--layout", "small", *more)
    assert ended.status == status
    assert any(each.method == "POST" for each in service.seen) is (status == 0)


def test_events_and_news_go_after_a_yes(at_service, service):
    service.says("GET /api/events/1", EVENT)
    service.says("GET /api/news/1", {"id": 1, "title": "T", "body": "", "is_pinned": False,
                 "created_at": "2027-01-01T00:00:00Z", "updated_at": "2027-01-01T00:00:00Z", "version": 1})  # fmt: skip
    for words in (("events", "cancel", "1"), ("news", "delete", "1")):
        ended = at_service(*words)
        assert (ended.status, "add --yes" in ended.err) == (2, True)
    assert {each.method for each in service.seen} == {"GET"}


@pytest.mark.parametrize(
    ("payment", "reservation", "status"),
    [
        ("COMPLETED", "CONFIRMED", 0),
        ("COMPLETED", "EXPIRED", 7),
        ("COMPLETED", "CANCELLED", 7),
        ("PENDING", "PENDING", 9),
        ("FAILED", "PENDING", 10),
    ],
)
def test_pay_succeeds_only_with_tickets(at_service, service, payment, reservation, status):
    service.says("GET /api/reservations/9", {**RESERVATION, "status": reservation})
    service.says("POST /api/payments", {**PAYMENT, "status": payment}, status=201)
    ended = at_service("payments", "pay", "9", "--json")
    assert (ended.status, ended.json["status"]) == (status, payment)


def test_paid_and_not_heard_of_the_reservation_is_not_a_success(at_service, service):
    """The reservation service goes away between the payment and its confirmation."""
    service.says("GET /api/reservations/9", RESERVATION)
    service.says("POST /api/payments", PAYMENT, status=201)
    service.then["POST /api/payments"] = lambda: service.refuses(
        "GET /api/reservations/9", "unavailable"
    )
    ended = at_service("payments", "pay", "9", "--json")
    assert (ended.status, ended.json["id"]) == (9, 4)
    assert "on its way" in ended.err


def test_points_not_charged_yet_are_not_a_success(at_service, service):
    service.says("POST /api/points/charge", {**CHARGE, "status": "PENDING"}, status=201)
    assert at_service("points", "charge", "10000").status == 9


def test_a_file_that_cannot_be_written_is_not_our_mistake(at_service, service, tmp_path):
    service.says("GET /api/notifications/templates/a", {"name": "a", "language": "ko", "subject": "s",
                 "text": "t", "html": "h", "short": "s"})  # fmt: skip
    ended = at_service("notifications", "preview", "a", "--save", tmp_path / "no" / "x")
    assert ended.status == 2
    assert "No such file" in ended.err
    assert "mistake" not in ended.err
