"""The reservation service over HTTP, beside the real auth, event and queue services."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.engines import Database
from tests.integration.reservation.house import House
from tests.waiting import PATIENCE_S, until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_sdk.contract.messages import MESSAGES


async def test_generating_seats(house: House):
    again = await house.generate("small_theater")
    assert (again.body["created_count"], again.body["seats_count"]) == (0, 265)
    other = await house.generate("large_theater")
    assert (other.body["created_count"], other.body["removed_count"]) == (1250, 265)
    assert (await house.reserve(5, best_available={"count": 1})).status == 201
    assert (await house.generate("small_theater")).code == "seats_in_use"
    assert (await house.generate("nowhere")).code == "layout_not_found"
    assert (await house.generate("small_theater", 999_999)).code == "event_not_found"
    halls = (await house.ask("GET", "/api/seats/layouts")).body["items"]
    assert [hall["seats_count"] for hall in halls] == [265, 1250, 4900, 50_000]
    for hall in halls:
        sizes = [section["rows"] * section["seats_per_row"] for section in hall["sections"]]
        assert sum(sizes) == hall["seats_count"]


async def test_the_map_changes_with_its_etag_and_not_without(house: House):
    path = f"/api/seats?event_id={house.event_id}"
    empty = await house.ask("GET", path)
    assert (empty.body["available_count"], empty.body["held_count"]) == (265, 0)
    etag = empty.headers["ETag"]
    assert etag == f'"{house.event_id}-{empty.body["version"]}"'
    same = await house.ask("GET", path, headers={"If-None-Match": etag})
    assert (same.status, same.body, same.headers["ETag"]) == (304, None, etag)
    row = empty.body["sections"][0]["rows"][1]
    assert len(row["states"]) == 15
    seats = [row["first_seat_id"] + place for place in (0, 1)]
    held = (await house.reserve(5, seat_ids=seats)).body
    assert [(seat["row"], seat["number"]) for seat in held["seats"]] == [(2, 1), (2, 2)]
    now = await house.ask("GET", path, headers={"If-None-Match": etag})
    assert (now.status, now.body["held_count"]) == (200, 2)
    assert now.body["sections"][0]["rows"][1]["states"].startswith("hha")
    assert now.headers["ETag"] != etag
    missing = await house.ask("GET", "/api/seats?event_id=999999")
    assert missing.code == "event_not_found"


async def test_reserving_needs_the_waiting_room_of_this_event(house: House):
    body = {"event_id": house.event_id, "best_available": {"count": 1}}
    assert (await house.ask("POST", "/api/reservations", json=body)).code == "unauthenticated"
    bare = await house.ask("POST", "/api/reservations", user=5, json=body)
    assert bare.code == "entry_required"
    for entry in (house.entry(6), house.entry(5, house.event_id + 1)):
        refused = await house.reserve(5, entry=entry, best_available={"count": 1})
        assert (refused.status, refused.code) == (403, "entry_required")
    both = await house.reserve(5, seat_ids=[1], best_available={"count": 1})
    assert both.code == "invalid_request"
    held = await house.reserve(5, best_available={"count": 2}, key="k")
    assert held.status == 201
    assert (await house.reserve(5, best_available={"count": 2}, key="k")).body == held.body
    other = await house.reserve(5, best_available={"count": 1}, key="k")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    taken = await house.reserve(6, seat_ids=[held.body["seats"][0]["seat_id"]])
    assert (taken.status, taken.code) == (409, "seat_taken")
    assert taken.body["seat_ids"] == [held.body["seats"][0]["seat_id"]]


async def test_a_repeated_request_is_answered_by_its_key_after_the_session(house: House):
    body: dict[str, Any] = {"best_available": {"count": 1}}
    held = (await house.reserve(5, key="k-1", **body)).body
    over = house.entry(5, ttl_s=-1)
    again = await house.reserve(5, entry=over, key="k-1", **body)
    assert (again.status, again.body) == (201, held)
    # Only what was made: nothing new, nothing else under that key, nothing of somebody else's.
    assert (await house.reserve(5, entry=over, key="k-2", **body)).code == "entry_required"
    other = await house.reserve(5, entry=over, key="k-1", best_available={"count": 2})
    assert other.code == "idempotency_key_reused"
    theirs = await house.reserve(6, entry=house.entry(6, ttl_s=-1), key="k-1", **body)
    assert theirs.code == "entry_required"
    assert (await house.reserve(5, entry=over, **body)).code == "entry_required"


async def test_f8_nothing_is_sold_before_or_after_the_sale(house: House):
    now = datetime.now(UTC)
    soon = (now + timedelta(minutes=5)).isoformat()
    house.event_id = await house.announce(on_sale_at=soon)
    await house.generate("small_theater")
    refused = await house.reserve(5, best_available={"count": 1})
    assert (refused.status, refused.code) == (409, "not_on_sale")


async def test_f9_the_limit_holds_over_all_calls(house: House):
    for _ in range(2):
        assert (await house.reserve(5, best_available={"count": 2})).status == 201
    refused = await house.reserve(5, best_available={"count": 1})
    assert (refused.status, refused.code) == (409, "seat_limit_reached")


async def test_who_may_see_and_cancel_a_reservation(house: House):
    held = (await house.reserve(5, best_available={"count": 1})).body
    path = f"/api/reservations/{held['id']}"
    assert (await house.ask("GET", path, user=5)).body == held
    assert (await house.ask("GET", path, user=6)).code == "reservation_not_found"
    service = house.platform.token(sub="service:payment", role="service")
    assert (await house.ask("GET", path, token=service)).body["user_id"] == 5
    assert (await house.ask("GET", path, token=house.platform.admin)).status == 200
    assert (await house.ask("POST", path + "/cancel", user=6)).code == "reservation_not_found"
    cancelled = await house.ask("POST", path + "/cancel", user=5)
    assert (cancelled.status, cancelled.body["status"]) == (200, "CANCELLED")
    assert cancelled.body["seats"] == held["seats"]


async def test_lists_are_paged_and_garbage_is_no_cursor(house: House):
    made = [(await house.reserve(5, best_available={"count": 1})).body["id"] for _ in range(3)]
    seen, cursor = [], ""
    while True:
        page = await house.ask("GET", f"/api/reservations?limit=2{cursor}", user=5)
        seen += [item["id"] for item in page.body["items"]]
        if page.body["next_cursor"] is None:
            break
        cursor = f"&cursor={page.body['next_cursor']}"
    assert seen == made[::-1]
    for bad in ("cursor=zzz", "limit=0", "limit=abc", "status=NEW"):
        refused = await house.ask("GET", f"/api/reservations?{bad}", user=5)
        assert (refused.status, refused.fields) == (400, {bad.partition("=")[0]})
    none = await house.ask("GET", "/api/reservations?status=CONFIRMED", user=5)
    assert none.body["items"] == []


async def test_what_was_held_for_a_deleted_event_is_given_back(house: House):
    held = (await house.reserve(5, best_available={"count": 1})).body
    bought = (await house.reserve(6, best_available={"count": 2})).body
    await house.pay(bought, 900)
    await house.sold(bought)
    message = Message(
        MessageId(str(uuid.uuid4())), "event.deleted", {"event_id": house.event_id}, 0, "q"
    )
    await house.bus.publish("event", [message])
    for each in (held, bought):
        path = f"/api/reservations/{each['id']}"

        async def is_cancelled(path: str = path) -> bool:
            seen = await house.ask("GET", path, token=house.platform.admin)
            return bool(seen.body["status"] == "CANCELLED")

        await until(is_cancelled)


async def test_the_audit_sees_every_row(house: House):
    held = (await house.reserve(5, best_available={"count": 2})).body
    await house.pay(held, 900)
    await house.sold(held)
    path = f"/api/audit/seats?event_id={house.event_id}&limit=200"
    assert (await house.ask("GET", path, user=5)).code == "forbidden"
    first = (await house.ask("GET", path, token=house.platform.admin)).body
    cursor = first["next_cursor"]
    rest = (await house.ask("GET", f"{path}&cursor={cursor}", token=house.platform.admin)).body
    seats = first["items"] + rest["items"]
    assert len({seat["seat_id"] for seat in seats}) == 265
    assert rest["next_cursor"] is None
    sold = [seat["seat_id"] for seat in seats if seat["status"] == "sold"]
    path = f"/api/audit/reservations?event_id={house.event_id}"
    (row,) = (await house.ask("GET", path, token=house.platform.admin)).body["items"]
    assert row["seat_ids"] == sold
    assert (row["ticket_count"], row["payment_id"], row["status"]) == (2, 900, "CONFIRMED")
    assert row["used_ticket_count"] == 0


async def test_what_is_published_is_what_the_contract_says(
    house: House, postgres: Database, valkey: ValkeyServer
):
    held = (await house.reserve(5, best_available={"count": 1})).body
    await house.pay(held, 900)
    await house.pay(held, 901)
    await house.sold(held)
    await house.ask("POST", f"/api/reservations/{held['id']}/cancel", user=5)
    redis = await RedisClient.connect(valkey.url)
    seen: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE_S):
        while len(seen) < 5:
            entries: Any = await redis.execute("XRANGE", "messages:{reservation}", "-", "+")
            for _, fields in entries:
                named = dict(zip(fields[::2], fields[1::2], strict=True))
                seen[named[b"name"].decode()] = named[b"payload"]
            await asyncio.sleep(0.02)
    await redis.close()
    for name, payload in seen.items():
        MESSAGES[name].model_validate_json(payload)
    assert set(seen) == {
        "seats.generated",
        *(f"reservation.{w}" for w in ("created", "confirmed", "refused", "cancelled")),
    }
