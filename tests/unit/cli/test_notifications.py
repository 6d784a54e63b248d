"""`tiketi notifications …`: what the verbs ask of the service and what they show."""

LETTER = {
    "id": "delivery:12",
    "kind": "delivery",
    "message_id": "m-1",
    "message_name": "points.charged",
    "user_id": 7,
    "channel": "email",
    "reason": "550 no such mailbox",
    "attempt_count": 1,
    "at": "2026-11-23T00:00:00Z",
}
PREFERENCES = {
    "language": "en",
    "push": False,
    "sms": False,
    "marketing_email": False,
    "marketing_push": False,
    "marketing_sms": False,
    "turn_email": False,
}


def test_dead_letters_are_rows_that_say_why(at_service, service):
    service.says("GET /api/notifications/dead-letters", {"items": [LETTER], "next_cursor": None})
    rows = at_service("notifications", "dead-letters").lines
    assert rows[1][0] == "delivery:12"
    assert rows[1][-1] == "550 no such mailbox"
    listed = at_service("notifications", "dead-letters", "--json").json
    assert [each["id"] for each in listed["items"]] == ["delivery:12"]


def test_replay_takes_names_or_all_of_them(at_service, service):
    service.says("POST /api/notifications/dead-letters/replay", {"count": 1})
    assert at_service("notifications", "replay", "delivery:12", "--json").json == {"count": 1}
    assert service.seen[-1].body == {"ids": ["delivery:12"]}
    assert at_service("notifications", "replay", "--all", "--yes").status == 0
    assert not (service.seen[-1].body or {}).get("ids")
    seen_count = len(service.seen)
    assert at_service("notifications", "replay").status == 2
    assert at_service("notifications", "replay", "--all").status == 2, "nobody could be asked"
    assert len(service.seen) == seen_count


def test_preferences_change_what_is_named(at_service, service):
    service.says("GET /api/notifications/preferences", PREFERENCES)
    service.says("PATCH /api/notifications/preferences", PREFERENCES)
    assert at_service("notifications", "preferences", "--json").json == PREFERENCES
    ended = at_service("notifications", "preferences", "--language", "en", "--no-push")
    assert ["language", "en"] in ended.lines
    sent = {name: value for name, value in service.seen[-1].body.items() if value is not None}
    assert sent == {"language": "en", "push": False}
    agreed = ("--marketing-push", "--marketing-sms", "--turn-email")
    assert at_service("notifications", "preferences", *agreed).status == 0
    sent = {name: value for name, value in service.seen[-1].body.items() if value is not None}
    assert sent == {"marketing_push": True, "marketing_sms": True, "turn_email": True}


def test_devices_are_added_listed_and_removed(at_service, service):
    device = {"token": "my-browser", "platform": "web", "created_at": "2026-11-23T00:00:00Z"}
    service.says("GET /api/notifications/devices", {"items": [device]})
    service.says("POST /api/notifications/devices", device)
    service.says("POST /api/notifications/devices/remove", {"token": "my-browser"})
    assert at_service("notifications", "devices", "list").lines[1][:2] == ["my-browser", "web"]
    assert at_service("notifications", "devices", "add", "my-browser", "-p", "ios").status == 0
    assert service.seen[-1].body == {"token": "my-browser", "platform": "ios"}
    assert at_service("notifications", "devices", "remove", "my-browser").status == 0
    assert service.seen[-1].body == {"token": "my-browser"}


def test_preview_prints_and_saves(at_service, service, tmp_path):
    shown = {
        "name": "points.charged",
        "language": "ko",
        "subject": "제목",
        "text": "본문",
        "html": "<p>본문</p>",
        "short": "한 줄",
    }
    service.says("GET /api/notifications/templates/points.charged", shown)
    service.says("GET /api/notifications/templates", {"names": ["points.charged"]})
    assert ["points.charged"] in at_service("notifications", "preview").lines
    saved = tmp_path / "mail.html"
    ended = at_service("notifications", "preview", "points.charged", "--save", saved)
    assert "본문" in ended.out
    assert saved.read_text(encoding="utf-8") == "<p>본문</p>"
    assert at_service("notifications", "preview", "points.charged", "--html").out == "<p>본문</p>\n"


def test_open_says_what_to_do_when_nothing_runs(tiketi, tmp_path):
    ended = tiketi("notifications", "open", "--no-browser", "--data", tmp_path / "none")
    assert ended.status == 2
    assert "tiketi up" in ended.err


def test_what_is_no_id_of_a_dead_letter_is_said_in_words(at_service, service):
    ended = at_service("notifications", "replay", "12")
    assert (ended.status, service.seen) == (2, [])
    assert "not ids of dead letters: 12" in ended.err
    assert "tiketi notifications dead-letters" in ended.err
    assert "pattern" not in ended.err


def test_a_preview_of_nothing_says_where_the_names_are(at_service, service):
    refusal = {"type": "about:blank", "title": "T", "status": 404, "code": "not_found",
               "detail": "nothing is said about 'bogus'", "request_id": "r"}  # fmt: skip
    service.says("GET /api/notifications/templates/bogus", refusal, status=404)
    ended = at_service("notifications", "preview", "bogus")
    assert ended.status == 6
    assert "see all names: tiketi notifications preview" in ended.err
