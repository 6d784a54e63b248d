"""Requests become bytes and answers become structs or errors, without a network."""

from __future__ import annotations

import email.utils
import json
import time
from datetime import UTC, datetime

import pytest

from tiketi_sdk import codec, errors
from tiketi_sdk.contract import event, payment, queue, reservation


def test_path_and_query():
    request = queue.LogRequest(event_id=42, limit=10)
    prepared = codec.encode(queue.LOG, request, token="t")
    assert (prepared.method, prepared.target) == ("GET", "/api/queue/42/log?limit=10")
    assert prepared.body is None
    assert prepared.headers["Authorization"] == "Bearer t"
    assert "Content-Type" not in prepared.headers


def test_path_and_body():
    request = queue.SetPolicyRequest(event_id=42, capacity=0, state="paused")
    prepared = codec.encode(queue.SET_POLICY, request)
    assert prepared.target == "/api/queue/42/policy"
    assert json.loads(prepared.body or b"") == {"capacity": 0, "state": "paused"}
    assert "Authorization" not in prepared.headers


def test_an_operation_without_further_fields_has_an_empty_object_for_a_body():
    request = reservation.ReservationRequest(reservation_id=5)
    prepared = codec.encode(reservation.CANCEL, request)
    assert (prepared.target, prepared.body) == ("/api/reservations/5/cancel", b"{}")


def test_all_headers():
    request = payment.PayRequest(reservation_id=1, total_price=1, point_used=1)
    prepared = codec.encode(
        payment.PAY, request, idempotency_key="k", entry_token="e", request_id="r"
    )
    assert prepared.headers["Idempotency-Key"] == "k"
    assert prepared.headers["Entry-Token"] == "e"
    assert prepared.headers["X-Request-Id"] == "r"


@pytest.mark.parametrize("text", ["아이유", "a&b=c", "a+b c", "100%", "?#/"])
def test_text_in_a_query_survives(text):
    from urllib.parse import parse_qs, urlsplit

    prepared = codec.encode(event.LIST, event.ListEventsRequest(q=text))
    assert prepared.target.isascii()
    assert parse_qs(urlsplit(prepared.target).query)["q"] == [text]


def test_times_keep_their_offset():
    request = codec.build(
        event.CREATE,
        {
            "title": "공연",
            "artist": "a",
            "venue": "v",
            "on_sale_at": datetime(2026, 1, 1, tzinfo=UTC),
            "sale_ends_at": datetime(2026, 1, 2, tzinfo=UTC),
            "starts_at": datetime(2026, 1, 3, tzinfo=UTC),
        },
    )
    body = codec.encode(event.CREATE, request).body or b""
    assert event.CreateEventRequest.model_validate_json(body) == request
    assert "공연".encode() in body


def test_building_names_each_bad_field():
    fields = {"event_id": 0, "best_available": {"count": 9}, "surprise": 1}
    with pytest.raises(errors.InvalidRequestError) as caught:
        codec.build(reservation.RESERVE, fields)
    assert {each.field for each in caught.value.errors} == {
        "event_id",
        "best_available.count",
        "surprise",
    }
    assert caught.value.status == 400
    assert "and 2 more" in str(caught.value)


def test_building_names_no_field_where_the_whole_is_meant():
    with pytest.raises(errors.InvalidRequestError) as caught:
        codec.build(reservation.RESERVE, {"event_id": 1})
    assert [each.field for each in caught.value.errors] == [""]


def test_new_fields_of_a_newer_platform_are_ignored():
    body = json.dumps({"event_id": 1, "was": "waiting", "later": True}).encode()
    assert codec.decode(queue.LEAVE, 200, {}, body) == queue.Left(event_id=1, was="waiting")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"event_id": "1", "was": "waiting"}'])
def test_a_success_that_is_not_as_agreed(body):
    with pytest.raises(errors.InvalidAnswerError, match=r"queue\.leave"):
        codec.decode(queue.LEAVE, 200, {}, body)


def test_a_problem():
    body = {
        "type": "about:blank",
        "title": "t",
        "status": 409,
        "code": "seat_taken",
        "detail": "seat 3 is taken",
        "request_id": "r-1",
        "errors": [{"field": "seat_ids.0", "message": "taken"}],
        "seat_ids": [3],
    }
    error = codec.problem_of(409, {"retry-after": "7"}, json.dumps(body).encode())
    assert type(error) is errors.SeatTakenError
    assert (error.code, error.status, error.request_id) == ("seat_taken", 409, "r-1")
    assert error.retry_after_s == 7
    assert error.errors[0].field == "seat_ids.0"
    assert error.extra == {"seat_ids": [3]}


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, errors.InvalidRequestError),
        (401, errors.AuthenticationError),
        (404, errors.NotFoundError),
        (418, errors.InvalidRequestError),
        (429, errors.RateLimitedError),
        (500, errors.InternalServerError),
        (502, errors.ServiceUnavailableError),
        (504, errors.ServiceUnavailableError),
        (302, errors.InvalidRequestError),
    ],
)
def test_what_a_proxy_made_up(status, family):
    error = codec.problem_of(status, {"x-request-id": "r-2"}, b"<html>Bad Gateway</html>")
    assert type(error) is family
    assert error.request_id == "r-2"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("12", 12), ("soon", None), ("-1", None), ("Fri, 01 May 2020 11:00:00 GMT", 0)],
)
def test_retry_after(text, seconds):
    assert codec.problem_of(503, {"retry-after": text}, b"").retry_after_s == seconds


def test_retry_after_as_a_date():
    text = email.utils.formatdate(time.time() + 100, usegmt=True)
    seconds = codec.problem_of(503, {"Retry-After": text}, b"").retry_after_s
    assert seconds == pytest.approx(100, abs=5)


def test_raw():
    prepared = codec.encode_raw("post", "a/b", query={"x": True}, json_body={"가": 1}, headers={})
    assert (prepared.method, prepared.target) == ("POST", "/a/b?x=true")
    assert prepared.body == '{"가":1}'.encode()
    assert prepared.headers == {"Content-Type": "application/json"}


@pytest.mark.parametrize("token", ["한글", "a\nb", " t"])
async def test_a_token_that_no_header_carries_is_told(platform, make_client, token):
    client = make_client(token=token)
    with pytest.raises(errors.ConfigError):
        await client.auth.me()
    assert platform.seen == []


async def test_a_key_that_no_header_carries_is_told(platform, make_client):
    client = make_client(token="t")
    with pytest.raises(errors.InvalidRequestError) as caught:
        await client.points.charge(10_000, pg_token="toss_token_ok", idempotency_key="주문1")
    assert [each.field for each in caught.value.errors] == ["Idempotency-Key"]
    assert platform.seen == []
