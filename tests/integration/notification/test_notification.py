"""The notification service over real HTTP, PostgreSQL, Valkey and SMTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engines import Database
from tests.services import Running, running
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.mailbox.server import Mailbox, running_mailbox


@dataclass(frozen=True)
class Stage:
    platform: Running
    mailbox: Mailbox
    bus: StreamBus

    async def user(self, email: str, name: str = "김하늘") -> int:
        answer = await self.platform.ask(
            "POST",
            "auth",
            "/api/auth/register",
            json={"email": email, "password": "correct horse", "name": name},
        )
        user_id: int = answer.body["user"]["id"]
        return user_id

    async def say(self, message_id: str, user_id: int, *, amount: int = 10_000) -> None:
        payload = {"payment_id": 5, "user_id": user_id, "amount": amount, "balance": amount}
        message = Message(MessageId(message_id), "points.charged", payload, 1, "req-1")
        await self.bus.publish("payment", [message])

    async def deliveries(self, token: str | None = None, **params: Any) -> list[dict[str, Any]]:
        answer = await self.platform.ask(
            "GET",
            "notification",
            "/api/notifications",
            token=token or self.platform.admin,
            params=params,
        )
        assert answer.status == 200, answer.body
        items: list[dict[str, Any]] = answer.body["items"]
        return items

    async def settled(self, count: int) -> list[dict[str, Any]]:
        async def done() -> list[dict[str, Any]] | None:
            found = await self.deliveries()
            is_done = len(found) == count and all(item["status"] != "PENDING" for item in found)
            return found if is_done else None

        return await until(done)


@pytest.fixture
async def stage(postgres: Database, valkey: ValkeyServer, tmp_path: Path) -> AsyncIterator[Stage]:
    (tmp_path / "mail").mkdir()
    async with running_mailbox(data_dir=tmp_path / "mail", smtp_port=0, http_port=0) as mailbox:
        smtp_url = f"smtp://127.0.0.1:{mailbox.smtp_port}"
        async with running(
            postgres, valkey, tmp_path, "auth", "notification", smtp_url=smtp_url
        ) as platform:
            client = await RedisClient.connect(valkey.url)
            yield Stage(platform, mailbox, StreamBus(client))
            await client.close()


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
    assert len(mails) == 2
    backlog = await stage.platform.ask(
        "GET", "notification", "/api/audit/backlog", token=stage.platform.admin
    )
    groups = backlog.body["groups"]
    assert {group["stream"] for group in groups} == {"messages:{payment}", "messages:{reservation}"}
    assert all(group["waiting_count"] == group["pending_count"] == 0 for group in groups)


async def test_a_refusal_is_final_and_an_unknown_user_too(stage: Stage) -> None:
    refused = await stage.user("fail.permanently@tiketi.test")
    await stage.say("m-1", refused)
    await stage.say("m-2", 999_999)
    assert {item["status"] for item in await stage.settled(2)} == {"FAILED"}


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
    while len(seen) < 5:
        answer = await stage.platform.ask(
            "GET",
            "notification",
            "/api/notifications",
            token=stage.platform.admin,
            params={"limit": 2, **cursor},
        )
        seen += [item["id"] for item in answer.body["items"]]
        cursor = {"cursor": answer.body["next_cursor"] or ""}
    assert seen == whole
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
    assert len(await stage.settled(1)) == 1
