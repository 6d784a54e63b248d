"""The notification service with auth beside it, a mailbox to look into, and ways to say things on the bus."""

from dataclasses import dataclass
from typing import Any

from tests.services import Answer, Running
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.sandbox.mailbox.server import Mailbox


@dataclass(frozen=True)
class Stage:
    platform: Running
    mailbox: Mailbox
    bus: StreamBus

    async def user(self, email: str, name: str = "김하늘", **more: str) -> int:
        answer = await self.platform.ask(
            "POST",
            "auth",
            "/api/auth/register",
            json={"email": email, "password": "correct horse", "name": name, **more},
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
        return [item for item in answer.body["items"] if item["message_name"] != "user.registered"]

    async def settled(self, count: int) -> list[dict[str, Any]]:
        async def done() -> list[dict[str, Any]] | None:
            found = await self.deliveries()
            is_done = len(found) == count and all(item["status"] != "PENDING" for item in found)
            return found if is_done else None

        return await until(done)

    async def mails(self, **params: Any) -> list[dict[str, Any]]:
        """What the mailbox lists, newest first, but for welcomes."""
        async with self.platform.http.get(
            f"{self.mailbox.url}/api/messages", params=params
        ) as response:
            found = (await response.json())["messages"]
        return [mail for mail in found if "가입을 환영합니다" not in mail["subject"]]

    async def ask(self, method: str, path: str, token: str | None = None, **kwargs: Any) -> Answer:
        """One request to the notification service, as an administrator unless a token says otherwise."""
        whose = token or self.platform.admin
        return await self.platform.ask(
            method, "notification", f"/api/notifications{path}", token=whose, **kwargs
        )
