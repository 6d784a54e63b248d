"""Announcing, listing and searching events over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.services import Answer, Running

NOW = datetime.now(UTC)


def announcement(**changes: object) -> dict[str, object]:
    """An event on sale now."""
    return {
        "title": "흠뻑쇼",
        "artist": "싸이",
        "venue": "잠실종합운동장",
        "starts_at": (NOW + timedelta(days=30)).isoformat(),
        "on_sale_at": (NOW - timedelta(hours=1)).isoformat(),
        "sale_ends_at": (NOW + timedelta(days=29)).isoformat(),
        **changes,
    }


async def announce(events: Running, key: str | None = None, **changes: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = announcement(**changes)
    path = "/api/events"
    return await events.ask("POST", "event", path, token=events.admin, json=body, headers=headers)


async def listed(events: Running, **params: object) -> Answer:
    return await events.ask("GET", "event", "/api/events", params=params)


async def titles(events: Running, **params: object) -> list[str]:
    return [event["title"] for event in (await listed(events, **params)).body["items"]]


async def test_an_announced_event_is_there_for_everybody(events: Running) -> None:
    made = await announce(events, description="첫째 줄\n둘째 줄", seats_per_user_max=2)
    assert made.status == 201
    assert (made.body["status"], made.body["version"]) == ("on_sale", 1)
    assert made.body["starts_at"].endswith("Z")
    got = await events.ask("GET", "event", f"/api/events/{made.body['id']}")
    assert (got.status, got.body) == (200, made.body)
    assert got.headers["Content-Type"] == "application/json"
    assert (await listed(events)).body == {"items": [made.body], "next_cursor": None}


async def test_an_unknown_event_is_a_404(events: Running) -> None:
    for event_id in (1, 2**63 - 1):
        answer = await events.ask("GET", "event", f"/api/events/{event_id}")
        assert (answer.status, answer.code) == (404, "event_not_found")
    for wrong in ("0", "-1", "x", str(2**63)):
        answer = await events.ask("GET", "event", f"/api/events/{wrong}")
        assert (answer.status, answer.fields) == (400, {"event_id"})


async def test_only_an_administrator_announces(events: Running) -> None:
    body = announcement()
    assert (await events.ask("POST", "event", "/api/events", json=body)).status == 401
    service = events.token(sub="service:queue", role="service")
    for token in (events.token(), service):
        refused = await events.ask("POST", "event", "/api/events", token=token, json=body)
        assert (refused.status, refused.code) == (403, "forbidden")
    assert (await listed(events)).body["items"] == []


async def test_the_status_follows_the_clock_to_the_moment(events: Running) -> None:
    # So short that nobody waits, and longer once more where the machine was too busy to look in time.
    for stretch in (1, 5, 25):
        if await _follow_the_clock(events, stretch) == ["upcoming", "on_sale", "ended"]:
            return
    raise AssertionError("no status but the last was seen")


async def _follow_the_clock(events: Running, stretch: int) -> list[str]:
    """The statuses that were seen, each judged by the clock."""
    opens = datetime.now(UTC) + timedelta(seconds=0.8 * stretch)
    closes = opens + timedelta(seconds=0.8 * stretch)
    made = (
        await announce(events, on_sale_at=opens.isoformat(), sale_ends_at=closes.isoformat())
    ).body
    seen: dict[str, list[datetime]] = {}
    while "ended" not in seen:
        asked = datetime.now(UTC)
        status = (await events.ask("GET", "event", f"/api/events/{made['id']}")).body["status"]
        in_list = next(
            event["status"]
            for event in (await listed(events)).body["items"]
            if event["id"] == made["id"]
        )
        answered = datetime.now(UTC)
        seen.setdefault(status, []).extend((asked, answered))
        # A status is right for some moment between question and answer, cached or not.
        if answered < opens:
            assert status == in_list == "upcoming"
        if opens + timedelta(milliseconds=1) < asked < answered < closes:
            assert status == in_list == "on_sale"
        await asyncio.sleep(0.01)
    assert min(seen["ended"][1::2]) >= closes - timedelta(milliseconds=1)
    return list(seen)


async def test_events_are_listed_by_status(events: Running) -> None:
    def at(days: float) -> str:
        return (NOW + timedelta(days=days)).isoformat()

    await announce(events, title="later", on_sale_at=at(1))
    await announce(events, title="now")
    await announce(events, title="over", on_sale_at=at(-3), sale_ends_at=at(-1))
    for status, expected in (
        ("upcoming", ["later"]),
        ("on_sale", ["now"]),
        ("ended", ["over"]),
        ("cancelled", []),
        ("sold_out", []),
    ):
        assert await titles(events, status=status) == expected
    assert await titles(events) == ["later", "now", "over"]
    assert (await listed(events, status="soon")).fields == {"status"}


async def test_pages_hold_every_event_once_newest_sale_first(events: Running) -> None:
    for number in range(7):
        # Three share a moment, so that the id has to decide.
        hours = max(number, 2)
        on_sale_at = (NOW - timedelta(hours=hours)).isoformat()
        await announce(events, title=f"e{number}", on_sale_at=on_sale_at)
    assert await titles(events) == ["e2", "e1", "e0", "e3", "e4", "e5", "e6"]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await listed(events, limit=2, q="싸이", **cursor)).body
        seen += [event["title"] for event in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == await titles(events)


async def test_a_cursor_that_was_not_given_is_refused(events: Running) -> None:
    for cursor in [
        "x",
        "garbage",
        "====",
        "MQ",
        "MS4x.",
        "LTEuMQ",
        "OTk5OTk5OTk5OTk5OS45OTk5OTk5OTk5OTk5OTk5OTk5OQ",
    ]:
        answer = await listed(events, cursor=cursor)
        assert (answer.status, answer.fields) == (400, {"cursor"}), cursor


async def test_search_finds_korean_and_english_in_any_case(events: Running) -> None:
    await announce(events)
    await announce(events, title="Born Pink", artist="BLACKPINK", venue="KSPO Dome")
    await announce(events, title="100%_쇼\\", artist="Ｉ　Ｕ 아이유", venue="고척스카이돔")
    for query, expected in (
        ("싸이", ["흠뻑쇼"]),
        ("흠뻑", ["흠뻑쇼"]),
        ("잠실 싸이", ["흠뻑쇼"]),
        ("\u110a\u1161\u110b\u1175", ["흠뻑쇼"]),  # decomposed, as a Mac types it
        ("blackpink", ["Born Pink"]),
        ("PINK dome", ["Born Pink"]),
        ("쇼", ["100%_쇼\\", "흠뻑쇼"]),
        ("%", ["100%_쇼\\"]),
        ("_", ["100%_쇼\\"]),
        ("\\", ["100%_쇼\\"]),
        ("iu", ["100%_쇼\\"]),
        ("i u", ["100%_쇼\\"]),
        ("싸이 blackpink", []),
        ("뉴진스", []),
        ("' OR 1=1 --", []),
    ):
        assert sorted(await titles(events, q=query)) == sorted(expected), query
    assert len(await titles(events, q=" ")) == 3


async def test_announcing_again_with_the_key_is_the_same_event(events: Running) -> None:
    answers = await asyncio.gather(*(announce(events, "k1") for _ in range(5)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    other = await announce(events, "k1", title="another")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (await announce(events, "k2")).body["id"] != answers[0].body["id"]
    assert (await announce(events)).status == (await announce(events)).status == 201
    assert len(await titles(events)) == 4


async def test_what_is_announced_is_listed_at_once(events: Running) -> None:
    for number in range(5):
        assert len(await titles(events)) == number
        await announce(events)
    assert len(await titles(events)) == 5


async def test_a_crowd_costs_one_query(events: Running) -> None:
    await announce(events)
    answers = await asyncio.gather(*(listed(events) for _ in range(200)))
    assert {len(answer.body["items"]) for answer in answers} == {1}


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"sale_ends_at": announcement()["on_sale_at"]}, "sale_ends_at"),
    ({"starts_at": announcement()["on_sale_at"]}, "sale_ends_at"),
    ({"on_sale_at": "1999-12-31T23:59:59Z"}, "on_sale_at"),
    ({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
    ({"starts_at": "9999-12-31T23:59:59-23:59"}, "starts_at"),
    ({"on_sale_at": "0001-01-01T00:00:00+23:59"}, "on_sale_at"),
    ({"starts_at": "2030-01-01T00:00:00"}, "starts_at"),
    ({"starts_at": 1893456000}, "starts_at"),
    ({"starts_at": "soon"}, "starts_at"),
    ({"title": ""}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"artist": "a\u0000b"}, "artist"),
    ({"venue": None}, "venue"),
    ({"description": "x" * 5001}, "description"),
    ({"seats_per_user_max": 0}, "seats_per_user_max"),
    ({"seats_per_user_max": 9}, "seats_per_user_max"),
    ({"seats_per_user_max": "4"}, "seats_per_user_max"),
    ({"status": "on_sale"}, "status"),
]


async def test_an_event_that_makes_no_sense_is_refused(events: Running) -> None:
    for changes, field in SENSELESS:
        answer = await announce(events, **changes)
        assert (answer.status, answer.code) == (400, "invalid_request"), changes
        assert answer.fields == {field}, changes
    assert await titles(events) == []


UNANSWERABLE: list[tuple[dict[str, str], str]] = [
    ({"limit": "0"}, "limit"),
    ({"limit": "101"}, "limit"),
    ({"limit": "abc"}, "limit"),
    ({"q": ""}, "q"),
    ({"q": "x" * 101}, "q"),
    ({"q": "a\u0000"}, "q"),
    ({"page": "0"}, "page"),
    ({"page": "-1"}, "page"),
    ({"page": "1001"}, "page"),
    ({"page": "one"}, "page"),
    ({"page": "1", "cursor": "MS4x"}, "page"),
    ({"price_min": "-1"}, "price_min"),
    ({"starts_from": "tomorrow"}, "starts_from"),
    ({"starts_from": "2030-01-01T00:00:00"}, "starts_from"),
    ({"colour": "red"}, "colour"),
]


async def test_a_question_that_makes_no_sense_is_refused(events: Running) -> None:
    for params, field in UNANSWERABLE:
        answer = await listed(events, **params)
        assert (answer.status, answer.fields) == (400, {field}), params
