"""The notification service over real HTTP, PostgreSQL, Valkey and SMTP."""

from typing import Any

from tests.integration.notification.stage import Stage
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message


async def test_a_message_becomes_one_mail_however_often_it_comes(stage: Stage) -> None:
    user_id = await stage.user("haneul@tiketi.test")
    for _ in range(3):
        await stage.say("m-1", user_id)
    await stage.say("m-2", user_id, amount=20_000)
    found = await stage.settled(2)
    assert [item["status"] for item in found] == ["SENT", "SENT"]
    assert {item["recipient"] for item in found} == {"haneul@tiketi.test"}
    assert "20,000원" in found[0]["subject"]
    async with stage.platform.http.get(f"{stage.mailbox.url}/api/messages") as response:
        mails = (await response.json())["messages"]
    assert sorted("포인트" in mail["subject"] for mail in mails) == [False, True, True], (
        "and a welcome"
    )
    backlog = await stage.platform.ask(
        "GET", "notification", "/api/audit/backlog", token=stage.platform.admin
    )
    groups = backlog.body["groups"]
    heard = ("auth", "payment", "queue", "reservation")
    assert {group["stream"] for group in groups} == {f"messages:{{{name}}}" for name in heard}
    assert all(group["waiting_count"] == group["pending_count"] == 0 for group in groups)


async def test_a_refusal_is_final_and_an_unknown_user_too(stage: Stage) -> None:
    refused = await stage.user("fail.permanently@tiketi.test")
    await stage.say("m-1", refused)
    await stage.say("m-2", 999_999)
    assert {item["status"] for item in await stage.settled(2)} == {"FAILED"}


async def test_a_dead_letter_is_listed_and_replayed(stage: Stage) -> None:
    """What a refused address and a payload without a user become, and what replaying does."""
    await stage.say("m-1", await stage.user("fail.permanently@tiketi.test"))
    poison = Message(MessageId("m-2"), "points.charged", {"amount": 1}, 1, "req-1")
    await stage.bus.publish("payment", [poison])
    await stage.settled(1)

    async def dead() -> list[dict[str, Any]]:
        answer = await stage.platform.ask(
            "GET", "notification", "/api/notifications/dead-letters", token=stage.platform.admin
        )
        found: list[dict[str, Any]] = answer.body["items"]
        return [item for item in found if item["message_name"] == "points.charged"]

    (letter,) = await dead()
    assert (letter["kind"], letter["channel"]) == ("delivery", "email")
    assert "550" in letter["reason"]

    async def replay(ids: list[str]) -> tuple[int, Any]:
        answer = await stage.platform.ask(
            "POST",
            "notification",
            "/api/notifications/dead-letters/replay",
            token=stage.platform.admin,
            json={"ids": ids},
        )
        return answer.status, answer.code or answer.body

    assert await replay([letter["id"]]) == (200, {"count": 1, "more": False})
    await until(dead)
    assert (await replay(["delivery:999999"]))[1] == "delivery_not_found"


async def test_a_deferral_is_tried_again(stage: Stage) -> None:
    await stage.say("m-1", await stage.user("fail.temporarily@tiketi.test"))

    async def tried_twice() -> bool:
        found = await stage.deliveries()
        return bool(found) and found[0]["attempt_count"] >= 2

    await until(tried_twice)
    assert (await stage.deliveries())[0]["status"] == "PENDING"


async def test_people_see_their_own(stage: Stage) -> None:
    mine, other = await stage.user("me@tiketi.test"), await stage.user("you@tiketi.test")
    await stage.say("m-1", mine)
    await stage.say("m-2", other)
    await stage.settled(2)
    token = stage.platform.token(sub=str(mine))
    assert [item["user_id"] for item in await stage.deliveries(token)] == [mine]
    answer = await stage.platform.ask(
        "GET", "notification", "/api/notifications", token=token, params={"user_id": other}
    )
    assert (answer.status, answer.code) == (403, "forbidden")


async def test_pages_go_on_where_they_ended(stage: Stage) -> None:
    user_id = await stage.user("me@tiketi.test")
    for number in range(5):
        await stage.say(f"m-{number}", user_id)
    whole = [item["id"] for item in await stage.settled(5)]
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while len(seen) < 6:
        answer = await stage.platform.ask(
            "GET",
            "notification",
            "/api/notifications",
            token=stage.platform.admin,
            params={"limit": 2, **cursor},
        )
        seen += [item["id"] for item in answer.body["items"]]
        cursor = {"cursor": answer.body["next_cursor"] or ""}
    assert len(set(seen)) == 6, "five charges and a welcome"
    assert [each for each in seen if each in whole] == whole
    answer = await stage.platform.ask(
        "GET",
        "notification",
        "/api/notifications",
        token=stage.platform.admin,
        params={"cursor": "zzz"},
    )
    assert (answer.status, answer.fields) == (400, {"cursor"})


async def test_writing_by_hand_is_idempotent(stage: Stage) -> None:
    user_id = await stage.user("me@tiketi.test")
    ask = {"user_id": user_id, "subject": "안내", "body": "내일 공연은 7시에 시작합니다."}

    async def send(body: dict[str, Any]) -> tuple[int, str | None]:
        answer = await stage.platform.ask(
            "POST",
            "notification",
            "/api/notifications",
            token=stage.platform.admin,
            json=body,
            headers={"Idempotency-Key": "k-1"},
        )
        return answer.status, answer.code

    assert await send(ask) == (201, None)
    assert await send(ask) == (201, None)
    assert await send({**ask, "subject": "다른 안내"}) == (422, "idempotency_key_reused")
    assert await send({**ask, "channel": "sms"}) == (422, "idempotency_key_reused")
    assert await send(ask) == (201, None)
    assert len(await stage.settled(1)) == 1
