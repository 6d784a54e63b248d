"""What commands send, show and end with, against a real server."""

from __future__ import annotations

import json
import time

import pytest

from tiketi_sdk.contract.codes import CODES

BALANCE = {"user_id": 7, "balance": 12_500, "held": 500, "histories": []}
CHARGE = {"payment_id": 3, "amount": 10_000, "balance": 22_500, "status": "COMPLETED"}
EVENT = {
    "id": 1,
    "title": "겨울\t콘서트",
    "artist": "[red]A[/red]",
    "venue": "홀",
    "description": "",
    "starts_at": "2027-05-01T11:00:00Z",
    "on_sale_at": "2027-04-01T11:00:00Z",
    "sale_ends_at": "2027-05-01T11:00:00Z",
    "seats_per_user_max": 4,
    "status": "on_sale",
    "created_at": "2027-01-01T00:00:00Z",
    "updated_at": "2027-01-01T00:00:00Z",
    "version": 1,
}
SEAT = {"seat_id": 5, "section": "VIP", "row": 1, "number": 5, "price": 20_000}
RESERVATION = {
    "id": 9,
    "number": "N9RWM-P9CRH",
    "event_id": 1,
    "user_id": 7,
    "status": "CONFIRMED",
    "total_price": 20_000,
    "seats": [SEAT],
    "expires_at": "2027-05-01T11:00:00Z",
    "payment_id": None,
    "created_at": "2027-01-01T00:00:00Z",
    "version": 1,
}
PAYMENT = {
    "id": 4,
    "user_id": 7,
    "purpose": "TICKETS",
    "reservation_id": 9,
    "payment_method": "CARD",
    "total_price": 20_000,
    "point_used": 0,
    "card_amount": 20_000,
    "status": "COMPLETED",
    "created_at": "2027-01-01T00:00:00Z",
}
SEATS = {
    "event_id": 1,
    "version": 3,
    "available_count": 2,
    "held_count": 1,
    "sold_count": 1,
    "sections": [
        {
            "name": "VIP",
            "price": 150_000,
            "rows": [{"row": 1, "first_seat_id": 41, "states": "aahs"}],
        }
    ],
}


def test_charge_as_written(at_service, service):
    service.says("POST /api/points/charge", CHARGE, status=201)
    ended = at_service("points", "charge", "10000")
    assert ended.status == 0
    assert ["balance", "22,500 P"] in ended.lines
    request = service.seen[-1]
    assert request.body == {"amount": 10_000, "payment_method": "CARD", "pg_token": "toss_token_ok"}
    assert request.headers["authorization"] == "Bearer a-token"
    assert request.headers["idempotency-key"]


def test_idempotency_key_is_sent_as_given(at_service, service):
    service.says("POST /api/points/charge", CHARGE, status=201)
    at_service("points", "charge", "10000", "--idempotency-key", "once-only")
    assert service.seen[-1].headers["idempotency-key"] == "once-only"


@pytest.mark.parametrize("place", ["before", "after"])
def test_json_is_one_document_wherever_it_is_said(at_service, service, place):
    service.says("GET /api/points/balance", BALANCE)
    words = ["points", "balance"]
    ended = at_service(*(["--json", *words] if place == "before" else [*words, "--json"]))
    assert ended.json == BALANCE
    assert len(ended.out.splitlines()) == 1


def test_lists_are_items_in_json_and_rows_in_a_pipe(at_service, service):
    service.says("GET /api/events", {"items": [EVENT, {**EVENT, "id": 2}], "next_cursor": None})
    listed = at_service("events", "list", "--json").json
    assert [each["id"] for each in listed["items"]] == [1, 2]
    rows = at_service("events", "list").lines
    assert rows[0][0] == "ID"
    assert len(rows) == 3
    assert rows[1][2] == "겨울 콘서트", "a tab inside a cell would shift the others"
    assert rows[1][3] == "[red]A[/red]", "nobody's name is markup"


def test_a_list_follows_pages_up_to_its_limit(at_service, service):
    service.says("GET /api/events", {"items": [EVENT] * 3, "next_cursor": None})
    assert len(at_service("events", "list", "--limit", "2", "--json").json["items"]) == 2
    assert "limit=2" in service.seen[-1].path


def test_an_empty_list_is_said_on_stderr(at_service, service):
    service.says("GET /api/reservations", {"items": [], "next_cursor": None})
    ended = at_service("reservations", "list")
    assert (ended.status, ended.out) == (0, "")
    assert "tiketi reservations create" in ended.err
    assert at_service("reservations", "list", "--json").json == {"items": []}


@pytest.mark.parametrize("code", CODES)
def test_every_code_ends_with_its_exit_status(at_service, service, code):
    service.refuses("GET /api/points/balance", code)
    ended = at_service("points", "balance")
    assert ended.status == CODES[code].exit
    assert ended.out == ""
    first, *more = ended.err.splitlines()
    assert first == f"error: so it is [{code}]"
    assert "request id: 0123abcd" in more[-1]
    ended = at_service("points", "balance", "--json")
    assert (ended.status, ended.out) == (CODES[code].exit, "")
    told = json.loads(ended.err)
    assert (told["code"], told["message"]) == (code, "so it is")
    assert (told["exit_status"], told["request_id"]) == (ended.status, "0123abcd")
    assert told["cure"].removeprefix("next: ") in "\n".join(more)


def test_nobody_there_says_how_to_start_it(tiketi, free_url):
    ended = tiketi("events", "list", "--url", free_url)
    assert ended.status == 9
    assert "tiketi up" in ended.err


@pytest.fixture
def free_url(service):
    """An address at which nobody listens that answers to `GET /`: a closed port."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_verbose_shows_requests_and_no_secret(at_service, service):
    ended = at_service("points", "balance", "-v")
    assert f"> GET {service.url}/api/points/balance" in ended.err
    assert "< 404 in " in ended.err
    assert "a-token" not in ended.err


@pytest.mark.parametrize(
    ("options", "point_used", "card_amount"),
    [
        ((), 0, 20_000),
        (("--points", "5000"), 5_000, 15_000),
        (("--card", "0"), 20_000, 0),
        (("--points", "5000", "--card", "15000"), 5_000, 15_000),
    ],
)
def test_pay_splits_the_price(at_service, service, options, point_used, card_amount):
    service.says("GET /api/reservations/9", RESERVATION)
    service.says("POST /api/payments", PAYMENT, status=201)
    ended = at_service("payments", "pay", "9", *options)
    assert ended.status == 0
    assert ["reservation", "CONFIRMED"] in ended.lines
    body = next(each.body for each in service.seen if each.method == "POST")
    assert body["point_used"] == point_used
    assert body["card_amount"] == card_amount
    assert ("pg_token" in body) == (card_amount > 0)


def test_paying_more_than_the_price_is_seen_before_it_is_sent(at_service, service):
    service.says("GET /api/reservations/9", RESERVATION)
    ended = at_service("payments", "pay", "9", "--points", "20001")
    assert ended.status == 2
    assert [each.method for each in service.seen] == ["GET"]


def test_cancel_and_refund_need_a_yes(at_service, service):
    service.says("GET /api/reservations/9", RESERVATION)
    service.says("GET /api/payments/4", PAYMENT)
    assert at_service("reservations", "cancel", "9").status == 2
    assert at_service("payments", "refund", "4", "--reason", "r").status == 2
    dry = at_service("payments", "refund", "4", "--reason", "r", "--dry-run", "--json").json
    assert dry == {
        "payment_id": 4,
        "would_refund": 20_000,
        "left": 20_000,
        "would_cancel_reservation_id": 9,
    }
    assert {each.method for each in service.seen} == {"GET"}
    service.says("POST /api/reservations/9/cancel", {**RESERVATION, "status": "CANCELLED"})
    assert ["status", "CANCELLED"] in at_service("reservations", "cancel", "9", "--yes").lines


def test_seat_map_is_letters_in_a_pipe(at_service, service):
    service.says("GET /api/seats", SEATS)
    drawn = at_service("seats", "map", "1", "--ids").out
    assert "VIP  150,000원" in drawn
    assert "   1 41 aahs" in drawn
    assert at_service("seats", "map", "1", "--json").json == SEATS
    missing = at_service("seats", "map", "1", "--section", "R")
    assert (missing.status, missing.out) == (2, "")
    assert "there are: VIP" in missing.err


def test_generate_as_written(at_service, service):
    made = {
        "event_id": 1,
        "layout": "large_theater",
        "seats_count": 1_250,
        "created_count": 1_250,
        "removed_count": 0,
    }
    service.says("POST /api/seats/generate", made, status=201)
    service.refuses("GET /api/seats", "event_not_found")
    ended = at_service("seats", "generate", "1", "--layout", "large_theater")
    assert ["seats", "1,250"] in ended.lines
    assert service.seen[-1].body == {"event_id": 1, "layout": "large_theater"}


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("resume", "open")])
def test_pause_and_resume_change_the_state_alone(at_service, service, verb, state):
    policy = {
        "event_id": 1, "capacity": 300, "admit_per_second": 50, "session_ttl_s": 300,
        "waiting_max": 100, "state": state, "grace_s": 30, "opens_at": None, "draw_commitment": None,
    }  # fmt: skip
    service.says("PUT /api/queue/1/policy", policy)
    assert at_service("queue", verb, "1", "--json").json == policy
    assert service.seen[-1].body == {"state": state}


def test_queue_policy_shows_or_sets(at_service, service):
    policy = {
        "event_id": 1, "capacity": 300, "admit_per_second": 50, "session_ttl_s": 300,
        "waiting_max": 100, "state": "open", "grace_s": 30,
    }  # fmt: skip
    service.says("GET /api/queue/1/policy", policy)
    service.says("PUT /api/queue/1/policy", policy)
    at_service("queue", "policy", "1")
    assert service.seen[-1].method == "GET"
    at_service("queue", "policy", "1", "--capacity", "300")
    assert (service.seen[-1].method, service.seen[-1].body) == ("PUT", {"capacity": 300})


@pytest.fixture
def in_korea(monkeypatch):
    """The machine's time zone, spelled so that it needs no zone files."""
    monkeypatch.setenv("TZ", "KST-9")  # the C library reads it
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_korea")
def test_moments_are_local(at_service, service):
    service.says("GET /api/events/1", EVENT)
    assert ["doors", "2027-05-01 20:00:00 KST"] in at_service("events", "show", "1").lines
