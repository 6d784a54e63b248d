"""A line that begins with a draw, over real HTTP: gathering, the draw by the pump, the receipt, the check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.integration.queue.conftest import EVENT, NOW_MS
from tests.integration.queue.serving import EVENT_ID, ON_SALE, move, see, set_policy
from tests.waiting import until
from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.draw import DrawSecrets, draw
from tiketi_core.queue.model import Gathered, PolicyChange, Waiting
from tiketi_platform.adapters.redis import keys
from tiketi_sdk.contract.queue import Draw
from tiketi_sdk.draw import check


async def receipt_of(platform, event_id, *, limit=5_000):
    path = f"/api/queue/{event_id}/draw?limit={limit}"
    return await platform.ask("GET", "queue", path)


async def until_drawn(platform, event_id):
    async def drawn():
        answer = await receipt_of(platform, event_id)
        return None if answer.status == 404 else answer.body

    return Draw.model_validate_json(orjson.dumps(await until(drawn)))


async def test_from_gathering_to_a_receipt_that_anybody_can_repeat(platform, events):
    later = datetime.now(UTC) + timedelta(hours=1)
    events[EVENT_ID] = ON_SALE.model_copy(update={"on_sale_at": later, "status": "upcoming"})
    assert (await move(platform, "enter", EVENT_ID, 7)).code == "not_on_sale"
    early = (later - timedelta(minutes=1)).isoformat()
    refused = await set_policy(platform, EVENT_ID, capacity=3, opens_at=early)
    assert (refused.status, refused.code) == (400, "invalid_request")
    policy = (await set_policy(platform, EVENT_ID, capacity=3, opens_at=later.isoformat())).body
    people = range(11, 31)
    places = {user: (await move(platform, "enter", EVENT_ID, user)).body for user in people}
    assert {place["state"] for place in places.values()} == {"gathered"}
    assert {place["draw_commitment"] for place in places.values()} == {policy["draw_commitment"]}
    assert (await receipt_of(platform, EVENT_ID)).code == "draw_not_found"
    stats = await see(platform, EVENT_ID, "stats")
    assert (stats["draw"], stats["waiting_count"], stats["entered_total"]) == ("gathering", 20, 0)

    soon = datetime.now(UTC) + timedelta(milliseconds=100)
    events[EVENT_ID] = ON_SALE.model_copy(update={"on_sale_at": soon})
    moved = await set_policy(platform, EVENT_ID, opens_at=soon.isoformat())
    assert moved.status == 200, (
        "what was remembered of the sale is a moment old, and asked for anew"
    )
    receipt = await until_drawn(platform, EVENT_ID)

    async def last():
        place = await move(platform, "enter", EVENT_ID, 99)
        return place.body if place.code is None else None  # until the catalogue knows it is on sale

    assert (await until(last))["position"] == 18
    yours = places[11]["draw_id"]
    result = check(receipt, noted=policy["draw_commitment"], draw_id=yours)
    assert result.passed, result.checks
    assert sorted(receipt.draw_ids) == sorted(place["draw_id"] for place in places.values())
    log = (await see(platform, EVENT_ID, "log"))["items"]
    numbers = {line["user_id"]: line["number"] for line in log if line["kind"] == "entered"}
    assert [receipt.draw_ids[numbers[user] - 1] for user in people] == [
        places[user]["draw_id"] for user in people
    ]
    admitted = [line["number"] for line in log if line["kind"] == "admitted"]
    assert admitted == [1, 2, 3]
    late = await set_policy(platform, EVENT_ID, opens_at=soon.isoformat().replace("+00:00", "Z"))
    assert late.status == 200  # the same moment changes nothing
    changed = await set_policy(platform, EVENT_ID, opens_at=later.isoformat())
    assert changed.code == "line_formed"


async def test_the_receipt_pages(make_room):
    room = make_room(capacity=0)
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS + 1), now_ms=NOW_MS)
    users = [UserId(number) for number in range(1, 2_501)]
    for start in range(0, 2_500, 500):
        answers = await room.enter(EVENT, users[start : start + 500], now_ms=NOW_MS)
        assert {type(answer) for answer in answers} == {Gathered}
    assert await room.draw(EVENT, now_ms=NOW_MS + 1)
    pages = [await room.receipt(EVENT, first=first, limit=700) for first in (1, 701, 1_401, 2_101)]
    ids = [draw_id for page in pages if page for draw_id in page.draw_ids]
    assert len(set(ids)) == len(ids) == 2_500
    page = await room.receipt(EVENT, first=2_501, limit=5)
    assert page is not None
    assert list(page.draw_ids) == []


async def test_the_seed_decides_and_the_store_has_only_what_it_needs(make_room, client):
    room = make_room(capacity=0)
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS + 1), now_ms=NOW_MS)
    users = [UserId(number) for number in range(1, 51)]
    await room.enter(EVENT, users, now_ms=NOW_MS)
    seed, salt = await client.execute("HMGET", keys.room(EVENT).draw, "seed", "salt")
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS + 2), now_ms=NOW_MS)
    assert await client.execute("HGET", keys.room(EVENT).draw, "seed") == seed
    assert await room.draw(EVENT, now_ms=NOW_MS + 2)
    expected = [user for user, _ in draw(DrawSecrets(seed, salt), EVENT, users)]
    places = {}
    for user in users:
        place = await room.status(EVENT, user, now_ms=NOW_MS + 2, polls=False)
        assert isinstance(place, Waiting)
        places[place.number] = user
    assert [places[number] for number in range(1, 51)] == expected


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda r: {"seed": "0" * 64}, "commitment"),
        (lambda r: {"salt_digest": "0" * 64}, "commitment"),
        (lambda r: {"event_id": r.event_id + 1}, "commitment"),
        (lambda r: {"draw_ids": (r.draw_ids[1], r.draw_ids[0], *r.draw_ids[2:])}, "order"),
        (lambda r: {"draw_ids": ("0" * 32, *r.draw_ids[1:])}, "order"),
        (lambda r: {"draw_ids": r.draw_ids[:-1]}, "list"),
        (lambda r: {"draw_ids": r.draw_ids[:-1], "count": r.count - 1}, "order"),
        (lambda r: {"draw_ids": (r.draw_ids[0], *r.draw_ids[:-1])}, "list"),
        (lambda r: {"algorithm": "dice"}, "algorithm"),
    ],
)
async def test_whatever_was_changed_in_a_receipt_is_found(make_room, change, wrong):
    room = make_room(capacity=0)
    await room.set_policy(EVENT, PolicyChange(opens_at_ms=NOW_MS + 1), now_ms=NOW_MS)
    await room.enter(EVENT, [UserId(number) for number in range(1, 41)], now_ms=NOW_MS)
    await room.draw(EVENT, now_ms=NOW_MS + 1)
    page = await room.receipt(EVENT, first=1, limit=100)
    assert page is not None
    moment = datetime.fromtimestamp(NOW_MS / 1_000, UTC)
    receipt = Draw(
        event_id=EVENT,
        algorithm="tiketi-draw-1",
        opens_at=moment,
        drawn_at=moment,
        commitment=page.commitment,
        seed=page.seed.hex(),
        salt_digest=page.salt_digest.hex(),
        count=page.count,
        first=1,
        draw_ids=tuple(page.draw_ids),
    )
    assert check(receipt).passed
    found = check(receipt.model_copy(update=change(receipt)))
    assert next(each.name for each in found.checks if not each.passed) == wrong
