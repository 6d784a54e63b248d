"""`tiketi api`: any address, its service found by the contract, no secret among the arguments."""

from __future__ import annotations

import json

import pytest


def test_raw_call(at_service, service, tmp_path):
    service.says("POST /api/queue/enter", {"anything": ["진짜"]})
    file = tmp_path / "body.json"
    file.write_text(json.dumps({"event_id": 1}), encoding="utf-8")
    for data in ('{"event_id": 1}', f"@{file}"):
        ended = at_service("api", "POST", "/api/queue/enter", "--data", data)
        assert ended.json == {"anything": ["진짜"]}
        assert service.seen[-1].body == {"event_id": 1}


@pytest.mark.parametrize(
    ("path", "service_name"),
    [
        ("/api/events/1?x=1", "event"),
        ("api/queue/1/stats", "queue"),
        ("/api/audit/wallets", "payment"),
        ("/api/notifications/unsubscribe", "notification"),
        ("/.well-known/jwks.json", None),
        ("/api/audit/backlog", None),
        ("/health/ready", None),
    ],
)
def test_raw_calls_find_their_service_by_the_contract(at_service, service, path, service_name):
    ended = at_service("api", "GET", path, "--service", "auth", "--json")
    assert ended.status == 6, "said by --service, whatever the path"
    service.seen.clear()
    ended = at_service("api", "GET", path)
    assert ended.status == (2 if service_name is None else 6)
    assert len(service.seen) == (0 if service_name is None else 1)


def test_a_raw_answer_that_is_no_json_is_one_in_json(at_service, service):
    service.says("GET /metrics", "up 1\n")
    service.kinds["GET /metrics"] = "text/plain"
    ended = at_service("api", "GET", "/metrics", "--service", "queue", "--json")
    assert ended.json["text"].strip('"') == "up 1\\n"


def test_an_entry_token_is_no_argument(at_service, service, monkeypatch):
    service.says("POST /api/queue/enter", {})
    refused = at_service("api", "POST", "/api/queue/enter", "--entry", "1")
    assert (refused.status, service.seen) == (2, [])
    monkeypatch.setenv("TIKETI_ENTRY_TOKEN", "e-1")  # the door for scripts
    assert at_service("api", "POST", "/api/queue/enter").status == 0
    assert service.seen[-1].headers["entry-token"] == "e-1"
