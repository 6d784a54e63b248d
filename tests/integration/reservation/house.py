"""The reservation service over HTTP with one event on sale, beside the real auth, event and queue services."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.engines import Database
from tests.services import Answer, Running, running
from tests.waiting import PATIENCE_S
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ENTRY_AUDIENCE
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.runtime.engines.valkey import ValkeyServer

SERVICES = ("auth", "event", "queue", "reservation")


@dataclass
class House:
    """One event on sale, and whoever wants something of it."""

    platform: Running
    bus: StreamBus
    event_id: int = 0

    async def ask(
        self, method: str, path: str, *, user: int | None = None, **kwargs: Any
    ) -> Answer:
        token = None if user is None else self.platform.token(sub=str(user))
        token = kwargs.pop("token", token)
        return await self.platform.ask(method, "reservation", path, token=token, **kwargs)

    async def announce(self, **changes: Any) -> int:
        now = datetime.now(UTC)
        body = {
            "title": "T",
            "artist": "A",
            "venue": "V",
            "on_sale_at": (now - timedelta(hours=1)).isoformat(),
            "sale_ends_at": (now + timedelta(hours=1)).isoformat(),
            "starts_at": (now + timedelta(hours=2)).isoformat(),
            **changes,
        }
        made = await self.platform.ask(
            "POST", "event", "/api/events", token=self.platform.admin, json=body
        )
        assert made.status == 201, made.body
        event_id: int = made.body["id"]
        return event_id

    async def generate(self, layout: str, event_id: int | None = None) -> Answer:
        body = {"event_id": event_id or self.event_id, "layout": layout}
        return await self.ask("POST", "/api/seats/generate", token=self.platform.admin, json=body)

    def entry(self, user: int, event_id: int | None = None, *, ttl_s: int = 60) -> str:
        now_s = SystemClock().now_ms() // 1000
        return Signer.from_file(self.platform.settings.keys_dir / "queue.pem").sign(
            {"sub": str(user), "event_id": event_id or self.event_id, "number": 1},
            audience=ENTRY_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + ttl_s,
        )

    async def reserve(
        self, user: int, *, entry: str | None = None, key: str | None = None, **what: Any
    ) -> Answer:
        headers = {"Entry-Token": entry or self.entry(user)}
        if key is not None:
            headers["Idempotency-Key"] = key
        body = {"event_id": self.event_id, **what}
        return await self.ask("POST", "/api/reservations", user=user, json=body, headers=headers)

    async def pay(self, reservation: dict[str, Any], payment_id: int) -> None:
        payload = {
            "payment_id": payment_id,
            "reservation_id": reservation["id"],
            "event_id": reservation["event_id"],
            "user_id": reservation["user_id"],
            "total_price": reservation["total_price"],
            "point_used": 0,
            "card_amount": reservation["total_price"],
        }
        message = Message(MessageId(str(uuid.uuid4())), "payment.completed", payload, 0, "q")
        await self.bus.publish("payment", [message])

    async def sold(self, reservation: dict[str, Any]) -> dict[str, Any]:
        """Waits for the news of the payment to arrive."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                path = f"/api/reservations/{reservation['id']}"
                seen = await self.ask("GET", path, user=reservation["user_id"])
                if seen.body["status"] == "CONFIRMED":
                    body: dict[str, Any] = seen.body
                    return body
                await asyncio.sleep(0.02)


@asynccontextmanager
async def opened_house(
    postgres: Database, valkey: ValkeyServer, folder: Path
) -> AsyncIterator[House]:
    redis = await RedisClient.connect(valkey.url)
    async with running(postgres, valkey, folder, *SERVICES) as platform:
        yield House(platform, StreamBus(redis))
    await redis.close()
