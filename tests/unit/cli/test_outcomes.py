"""A command succeeds only if what it was asked for came about, asks before it takes away, and blames nobody else."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from tests.unit.cli.test_commands import CHARGE, EVENT, PAYMENT, RESERVATION, SEATS
from tiketi_cli.commands import status
from tiketi_sdk.contract.services import SERVICES


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


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("pionts", "--json"), "usage", 2),
        (("events", "list", "--nonsense", "--json"), "usage", 2),
        (("--json", "points", "charge", "99"), "usage", 2),
        (("reservations", "create", "1", "--json"), "usage", 2),
        (("auth", "me", "--profile", "none", "--json"), "profile_not_found", 2),
        (("auth", "me", "--url", "http://127.0.0.1:9", "--json"), "connect", 9),
    ],
)
def test_what_goes_wrong_is_json_for_programs(tiketi, arguments, code, status):
    ended = tiketi(*arguments)
    assert (ended.status, ended.out) == (status, "")
    told = json.loads(ended.err.splitlines()[-1])
    assert (told["code"], told["exit_status"]) == (code, status)
    assert told["message"]
    assert told["cure"] or code == "profile_not_found"


def test_the_refused_fields_are_told(at_service, service):
    refused = [{"field": "a", "message": "too long"}, {"field": "b", "message": "too short"}]
    body = {
        "code": "invalid_request",
        "title": "",
        "status": 400,
        "detail": "no",
        "errors": refused,
    }
    service.says("GET /api/points/balance", body, status=400)
    assert json.loads(at_service("points", "balance", "--json").err)["fields"] == refused
    ended = at_service("points", "balance").err
    assert ended.splitlines()[:3] == [
        "error: no (and 1 more) [invalid_request]",
        "       a: too long",
        "       b: too short",
    ]


def test_events_in_a_file_are_announced_until_one_is_refused(at_service, service, tmp_path):
    each = "title: T, artist: A, venue: V, starts_at: 2037-05-01 20:00, on_sale_at: 2037-04-01"
    file = tmp_path / "events.yaml"
    file.write_text(f"- {{{each}}}\n- {{{each}, description: 둘}}\n", encoding="utf-8")
    service.says("POST /api/events", EVENT, status=201)
    service.then["POST /api/events"] = lambda: service.refuses("POST /api/events", "forbidden")
    ended = at_service("events", "import", file)
    assert ended.status == 5
    assert "event 2 of 2: T" in ended.err
    assert "announced before it, by id: 1" in ended.err
    told = json.loads(at_service("events", "import", file, "--json").err)
    assert told["details"][0] == "event 1 of 2: T"


def test_what_is_said_goes_before_what_the_file_says(at_service, service, tmp_path):
    file = tmp_path / "event.yaml"
    file.write_text(
        "{title: T, artist: A, venue: V, starts_at: 2037-05-01 20:00, on_sale_at: 2037-04-01, seats_per_user_max: 2}",
        encoding="utf-8",
    )
    service.says("POST /api/events", EVENT, status=201)
    assert at_service("events", "create", "--file", file, "--artist", "X").status == 0
    sent = service.seen[-1].body
    assert (sent["title"], sent["artist"], sent["seats_per_user_max"]) == ("T", "X", 2)
    assert at_service("events", "create", "U", "--artist", "A", "--venue", "V").status == 0
    sent = service.seen[-1].body
    assert (sent["title"], sent["seats_per_user_max"]) == ("U", 4)
    assert at_service("events", "create", "--artist", "A").status == 2


def test_an_event_without_seats_is_deleted_after_a_yes(at_service, service):
    service.says("GET /api/events/1", EVENT)
    service.says("DELETE /api/events/1", EVENT)
    assert at_service("events", "delete", "1").status == 2
    assert at_service("events", "delete", "1", "--yes", "--version-seen", "3").status == 0
    assert (service.seen[-1].method, service.seen[-1].headers["if-match"]) == ("DELETE", '"3"')


def test_a_user_is_written_to(at_service, service, monkeypatch):
    sent = {
        "id": 1, "message_id": "m", "message_name": "manual", "user_id": 7, "channel": "push", "recipient": "t",
        "subject": "입장", "status": "PENDING", "attempt_count": 0, "created_at": "2027-01-01T00:00:00Z",
    }  # fmt: skip
    service.says("POST /api/notifications", sent, status=201)
    monkeypatch.setattr("sys.stdin", io.StringIO("문은 18시에 열립니다."))  # what is piped in
    words = ("notifications", "send", "7", "--subject", "입장", "--body", "-", "--by", "push")
    assert at_service(*words, "--marketing").status == 0
    assert service.seen[-1].body == {
        "user_id": 7, "subject": "입장", "body": "문은 18시에 열립니다.", "channel": "push",
        "category": "marketing",
    }  # fmt: skip


def test_a_followed_log_loses_no_line_and_breaks_none(tmp_path):
    log = tmp_path / "logs" / "platform.log"
    log.parent.mkdir()
    log.write_text('{"message": "one"}\n{"message": "two"}\n{"mess', encoding="utf-8")
    words = ("logs", "-f", "--json", "--lines", "1", "--data", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-m", "tiketi_cli", *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"message": "two"}
        with log.open("a", encoding="utf-8") as file:
            file.write('age": "three"}\nplain\n')
        assert json.loads(process.stdout.readline()) == {"message": "three"}
        assert json.loads(process.stdout.readline()) == {"message": "plain"}
        log.unlink()
        assert process.wait(60) == 0


def test_services_spelled_for_speed_are_those_of_the_contract():
    assert tuple(SERVICES) == status.SERVICES
