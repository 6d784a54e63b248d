"""Senseless and oversized requests: a problem with code and field, and nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.stage import OK
from tests.acceptance.world import ENTER, PAY, PAYMENTS, RESERVE, World, assert_problem

pytestmark = pytest.mark.usefixtures("nothing_changes")
HUGE = 10**30
LONG = "가" * 10_000

REGISTER = {"email": "a@b.example", "password": "12345678", "name": "김민지"}
EVENT = {
    "title": "t",
    "artist": "a",
    "venue": "v",
    "starts_at": "2030-01-03T00:00:00Z",
    "on_sale_at": "2030-01-01T00:00:00Z",
    "sale_ends_at": "2030-01-02T00:00:00Z",
}
CHARGE = ("POST", "payment", "/api/points/charge")
SIGN_UP = ("POST", "auth", "/api/auth/register")
EVENTS = ("POST", "event", "/api/events")
POLICY = ("PUT", "queue", "/api/queue/1/policy")

NO_IDS: tuple[Any, ...] = ("1", 1.5, True, None, [1], {}, -1, 0)
FIELDS: list[tuple[tuple[str, str, str], Any, str]] = [
    *((ENTER, {"event_id": value}, "event_id") for value in NO_IDS),
    (ENTER, {"event_id": HUGE}, "event_id"),
    (ENTER, {"event_id": 2**63}, "event_id"),
    (ENTER, {}, "event_id"),
    (ENTER, {"event_id": 1, "extra": 1}, "extra"),
    *((CHARGE, {"amount": v, "pg_token": OK}, "amount") for v in (-1, 0, 99, 10**9, HUGE, "500")),
    (CHARGE, {"amount": 500, "pg_token": "x" * 201}, "pg_token"),
    (CHARGE, {"amount": 500, "pg_token": "a'; DROP TABLE"}, "pg_token"),
    (CHARGE, {"amount": 500, "pg_token": OK, "payment_method": "CASH"}, "payment_method"),
    (PAYMENTS, {**PAY, "point_used": -1}, "point_used"),
    (PAYMENTS, {**PAY, "card_amount": HUGE}, "card_amount"),
    (PAYMENTS, {**PAY, "total_price": 0}, "total_price"),
    (PAYMENTS, {**PAY, "user_id": 1}, "user_id"),
    (SIGN_UP, {**REGISTER, "email": "no-at-sign"}, "email"),
    (SIGN_UP, {**REGISTER, "email": f"{'x' * 250}@b.example"}, "email"),
    (SIGN_UP, {**REGISTER, "password": "short"}, "password"),
    (SIGN_UP, {**REGISTER, "password": "x" * 129}, "password"),
    (SIGN_UP, {**REGISTER, "name": LONG}, "name"),
    (SIGN_UP, {**REGISTER, "name": "a\x00b"}, "name"),
    (SIGN_UP, {**REGISTER, "phone": "call me"}, "phone"),
    (SIGN_UP, {**REGISTER, "role": "admin"}, "role"),
    (RESERVE, {"event_id": 1}, ""),
    (RESERVE, {"event_id": 1, "seat_ids": []}, "seat_ids"),
    (RESERVE, {"event_id": 1, "seat_ids": [1, 1]}, ""),
    (RESERVE, {"event_id": 1, "seat_ids": ["1"]}, "seat_ids.0"),
    (RESERVE, {"event_id": 1, "seat_ids": list(range(1, 10))}, "seat_ids"),
    (RESERVE, {"event_id": 1, "best_available": {"count": 0}}, "best_available.count"),
    (RESERVE, {"event_id": 1, "best_available": {"count": 1, "row": 1}}, "best_available.row"),
    (EVENTS, {**EVENT, "title": "x" * 201}, "title"),
    (EVENTS, {**EVENT, "description": "x" * 5_001}, "description"),
    (EVENTS, {**EVENT, "starts_at": "tomorrow"}, "starts_at"),
    (EVENTS, {**EVENT, "starts_at": "2030-01-03T00:00:00"}, "starts_at"),
    (EVENTS, {**EVENT, "sale_ends_at": "2029-01-01T00:00:00Z"}, "sale_ends_at"),
    (EVENTS, {**EVENT, "seats_per_user_max": 9}, "seats_per_user_max"),
    (POLICY, {"capacity": -1}, "capacity"),
    (POLICY, {"capacity": HUGE}, "capacity"),
    (POLICY, {"state": "ajar"}, "state"),
    (POLICY, {"event_id": 2}, "event_id"),
]


@pytest.mark.parametrize(("where", "body", "refused"), FIELDS)
def test_a_field_that_does_not_fit_is_named(
    world: World, where: tuple[str, str, str], body: Any, refused: str
):
    answer = world.ask(
        *where, body, role="admin", Idempotency_Key="bad-input", Entry_Token=world.entry_token
    )
    assert_problem(answer, "invalid_request", refused)


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/api/events?limit=0", "limit"),
        ("/api/events?limit=101", "limit"),
        ("/api/events?limit=1e1", "limit"),
        ("/api/events?limit=%2B5", "limit"),
        ("/api/events?limit=" + "9" * 400, "limit"),
        ("/api/events?status=sold", "status"),
        ("/api/events?q=" + "x" * 101, "q"),
        ("/api/events?q=%00", "q"),
        ("/api/events?cursor=' OR 1=1".replace(" ", "%20"), "cursor"),
        ("/api/events?cursor=AAAA", "cursor"),
        ("/api/events?page=0", "page"),
        ("/api/events?limit=1&limit=2", ""),
        ("/api/events/abc", "event_id"),
        ("/api/events/-1", "event_id"),
        ("/api/events/0x1", "event_id"),
        ("/api/events/9223372036854775808", "event_id"),
        ("/api/events/%D9%A1", "event_id"),
    ],
)
def test_an_address_that_does_not_fit_is_named(world: World, path: str, refused: str):
    assert_problem(world.ask("GET", "event", path, role=None), "invalid_request", refused)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe\x00",
        b"[1]",
        b"null",
        b'"text"',
        b"{'event_id': 1}",
        b'{"event_id": 1} {}',
        b'{"event_id": NaN}',
        b'{"event_id": 1e999}',
        b"[" * 5_000,
        b'{"event_id": ' + b"[" * 3_000 + b"]" * 3_000 + b"}",
        b'{"event_id":' + b"1" * 5_000 + b"}",
        b'{"event_id":"\\ud800"}',
        b'{"\\ud800": 1}',
    ],
    ids=lambda body: body[:16],
)
@pytest.mark.parametrize("where", [ENTER, POLICY], ids=["body", "path-and-body"])
def test_a_body_that_is_not_json_of_the_right_kind(
    world: World, where: tuple[str, str, str], body: bytes
):
    assert_problem(world.ask(*where, body, role="admin"), "invalid_request")


def test_other_shapes_of_request(world: World):
    big = b'{"event_id": 1, "x": "' + b"x" * (64 * 1024) + b'"}'
    assert_problem(world.ask(*ENTER, big), "body_too_large")
    assert_problem(world.ask(*SIGN_UP, b"x" * 3_000_000, role=None), "body_too_large")
    plain = world.ask(*ENTER, b"event_id=1", Content_Type="application/x-www-form-urlencoded")
    assert_problem(plain, "unsupported_media_type")
    assert_problem(world.ask("DELETE", "queue", "/api/queue/enter"), "method_not_allowed")
    assert_problem(world.ask("GET", "queue", "/api/nothing/here"), "not_found")
    assert_problem(world.ask("GET", "queue", "/api/../../etc/passwd"), "not_found")
    assert_problem(world.ask(*CHARGE, {"amount": 500, "pg_token": OK}), "idempotency_key_required")
    long_key = world.ask(*CHARGE, {"amount": 500, "pg_token": OK}, Idempotency_Key="k" * 201)
    assert_problem(long_key, "invalid_request", "Idempotency-Key")
    endless = world.ask("GET", "queue", "/api/queue/status", Cookie="x" * 20_000)
    assert_problem(endless, "invalid_request")
    strange = world.ask("GET", "queue", "/api/nothing", X_Request_Id="<script>" + "x" * 500)
    assert "<" not in strange.body["request_id"]


def test_an_unknown_event(world: World):
    unknown = 987_654_321
    assert_problem(world.ask(*ENTER, {"event_id": unknown}), "event_not_found")
    assert_problem(
        world.ask("GET", "event", f"/api/events/{unknown}", role=None), "event_not_found"
    )
    seats = world.ask("GET", "reservation", f"/api/seats?event_id={unknown}", role=None)
    assert_problem(seats, "event_not_found")
    generate = {"event_id": unknown, "layout": "small_theater"}
    made = world.ask("POST", "reservation", "/api/seats/generate", generate, role="admin")
    assert_problem(made, "event_not_found")
    policy = world.ask(
        "PUT", "queue", f"/api/queue/{unknown}/policy", {"capacity": 1}, role="admin"
    )
    assert_problem(policy, "event_not_found")
    for path in ("stats", "policy", "log"):
        assert_problem(
            world.ask("GET", "queue", f"/api/queue/{unknown}/{path}", role="admin"),
            "event_not_found",
        )
    layout = {"event_id": world.event_id, "layout": "moon"}
    nowhere = world.ask("POST", "reservation", "/api/seats/generate", layout, role="admin")
    assert_problem(nowhere, "layout_not_found")


@pytest.mark.parametrize(
    ("path", "headers"), [("", {"X_Note": "n" * 9_000}), ("?q=" + "n" * 9_000, {})]
)
def test_a_head_that_is_too_long_is_a_problem_too(
    world: World, path: str, headers: dict[str, str]
) -> None:
    answer = world.ask("GET", "event", f"/api/events{path}", **headers)
    assert_problem(answer, "invalid_request")
    assert "nnnn" not in answer.body["detail"]
