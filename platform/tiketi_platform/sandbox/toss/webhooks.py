"""Posts payment changes to the merchant as the Toss API does; refuses to hold more than it can deliver.

As there, nothing proves where they come from: the real API signs webhooks of payouts and sellers only, and
tells whoever gets one of a payment to look that payment up.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

import aiohttp
import orjson

from tiketi_platform.sandbox.toss.ledger import Payment
from tiketi_platform.sandbox.toss.payment_json import korea_time, payment_object

PENDING_MAX: Final = 20_000
"""Webhooks waiting for delivery; the next one is dropped and counted."""
SENDERS_COUNT: Final = 4
TIMEOUT_S: Final = 5.0
RETRY_DELAYS_S: Final = (0.5, 1.0, 2.0, 4.0)
"""Waited before each further try; the real API starts at a minute and ends after days."""
RECEIVED_MAX: Final = 1_000
"""Latest deliveries kept to be shown."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook on its way."""

    url: str
    transmission_id: str
    body: bytes


@dataclass(slots=True)
class DeliveryCounts:
    """How deliveries went since the start."""

    delivered_count: int = 0
    failed_count: int = 0
    dropped_count: int = 0


class Webhooks:
    """A bounded queue of deliveries and the few tasks that empty it."""

    def __init__(self) -> None:
        self._pending: asyncio.Queue[Delivery] = asyncio.Queue(PENDING_MAX)
        self._senders: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self.counts = DeliveryCounts()
        self.latest: deque[str] = deque(maxlen=RECEIVED_MAX)
        """Transmission ids delivered last, oldest first."""

    def announce(self, payment: Payment, *, url: str | None, copies: int) -> None:
        """Queue `copies` deliveries of the payment's state as it is now; returns at once."""
        if url is None or copies <= 0:
            return
        body = orjson.dumps(
            {
                "eventType": "PAYMENT_STATUS_CHANGED",
                "createdAt": korea_time(time.time_ns() // 1_000_000),
                "data": payment_object(payment, len(payment.cancels)),
            }
        )
        # Copies share their transmission id, as the real API's repeats do.
        delivery = Delivery(url, f"whtrans_{secrets.token_hex(13)}", body)
        for _ in range(copies):
            self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        if not self._senders:
            self._senders = [asyncio.create_task(self._send_all()) for _ in range(SENDERS_COUNT)]
        try:
            self._pending.put_nowait(delivery)
        except asyncio.QueueFull:
            self.counts.dropped_count += 1

    async def _send_all(self) -> None:
        while True:
            delivery = await self._pending.get()
            try:
                await self._send(delivery)
            finally:
                self._pending.task_done()

    async def _send(self, delivery: Delivery) -> None:
        for tries, delay_s in enumerate((0.0, *RETRY_DELAYS_S)):
            await asyncio.sleep(delay_s)
            if await self._post(delivery, retried_count=tries):
                self.counts.delivered_count += 1
                self.latest.append(delivery.transmission_id)
                return
        self.counts.failed_count += 1
        _log.warning("webhook %s to %s was never taken", delivery.transmission_id, delivery.url)

    async def _post(self, delivery: Delivery, *, retried_count: int) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        headers = {
            "Content-Type": "application/json",
            "tosspayments-webhook-transmission-time": korea_time(time.time_ns() // 1_000_000),
            "tosspayments-webhook-transmission-retried-count": str(retried_count),
            "tosspayments-webhook-transmission-id": delivery.transmission_id,
        }
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=headers
            ) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def drained(self) -> None:
        """Return when everything announced so far was delivered or given up."""
        await self._pending.join()

    async def close(self) -> None:
        """Stop at once; what was not delivered is dropped, as a gateway's crash would."""
        for sender in self._senders:
            sender.cancel()
        await asyncio.gather(*self._senders, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
