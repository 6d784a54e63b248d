"""Calls the Toss Payments REST API v1 to charge cards and give money back; refuses to guess an outcome.

What the API means is in its reference (docs.tosspayments.com/reference): Basic authentication with the
secret key and an empty password, `Idempotency-Key` on each POST, errors as `{code, message}`.
"""

import base64
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp
import orjson

from tiketi_core.payment.gateway import (
    Approval,
    Cancellation,
    GatewayError,
    GatewayUnknownError,
    GatewayUnreachableError,
)
from tiketi_platform.adapters.toss import answers

LIVE_URL: Final = "https://api.tosspayments.com"
ANSWER_BYTES_MAX: Final = 256 * 1024
"""A longer answer is nothing Toss sends."""


@dataclass(frozen=True, slots=True)
class TossSettings:
    """How to reach the gateway, and how long to wait for it."""

    secret_key: str = field(repr=False)
    """`test_sk…` or `live_sk…`; never logged."""
    base_url: str = LIVE_URL
    connect_timeout_s: float = 2.0
    """Until a connection stands, the wait for a free one in the pool included."""
    total_timeout_s: float = 8.0
    """From the call to the last byte of the answer; below the 10 s our own requests have."""
    connections_max: int = 64
    """Open at once; more calls than that wait, within their connect timeout."""


class TossGateway:
    """The `CardGateway` port over HTTP. Open it with `async with`; share one per process.

    Every call is safe to repeat: `approve` carries the order id as idempotency key, `cancel` the caller's.
    """

    def __init__(self, settings: TossSettings) -> None:
        self._settings = settings
        self._base_url = settings.base_url.rstrip("/")
        token = base64.b64encode(f"{settings.secret_key}:".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the pool; calls under way end in `GatewayUnknownError`."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def approve(self, *, pg_token: str, order_id: str, amount_won: int) -> Approval:
        """Charge the card behind `pg_token` once for this order, however often it is called.

        Raises CardDeclinedError or GatewayRefusedError when nothing was charged, and
        GatewayUnknownError when that cannot be told: call again, or `find` later.
        """
        body = {"paymentKey": pg_token, "orderId": order_id, "amount": amount_won}
        status, answer = await self._call(
            "POST", "/v1/payments/confirm", body=body, idempotency_key=order_id
        )
        if status == 200:
            return answers.approval(answer, order_id=order_id, amount_won=amount_won)
        if answers.was_done_before(answer):
            return await self._approved_before(order_id, amount_won)
        raise answers.approve_error(status, answer)

    async def find(self, *, order_id: str) -> Approval | None:
        """The charge made for that order, also when it was cancelled since; None when there is none now.

        None is final only when `CONFIRM_WINDOW_S` has passed since `approve` was last sent.
        Raises GatewayUnknownError or GatewayRefusedError when the gateway does not tell.
        """
        status, answer = await self._call("GET", f"/v1/payments/orders/{quote(order_id, safe='')}")
        if status == 200:
            return answers.found(answer, order_id=order_id)
        if answers.is_absent(status, answer):
            return None
        raise answers.find_error(status, answer)

    async def cancel(
        self, *, payment_key: str, amount_won: int, reason: str, idempotency_key: str
    ) -> Cancellation:
        """Give 1..balance won back to the card, once per idempotency key (1-300 ASCII characters).

        Raises CancelRefusedError when there is not that much left, and GatewayUnknownError when it
        cannot be told: call again with the same key.
        """
        assert 0 < len(idempotency_key) <= 300, "a cancellation is always made idempotent"
        status, answer = await self._call(
            "POST",
            f"/v1/payments/{quote(payment_key, safe='')}/cancel",
            body={"cancelReason": reason[:200] or "cancelled", "cancelAmount": amount_won},
            idempotency_key=idempotency_key,
        )
        if status == 200:
            return answers.cancellation(answer, payment_key=payment_key, amount_won=amount_won)
        raise answers.cancel_error(status, answer)

    async def _approved_before(self, order_id: str, amount_won: int) -> Approval:
        try:
            known = await self.find(order_id=order_id)
        except GatewayError as error:
            # Whatever hides the charge, it is not certain that there is none: the order was processed.
            raise GatewayUnknownError(error.detail, gateway_code=error.gateway_code) from error
        if known is None or known.amount_won != amount_won:
            raise GatewayUnknownError(
                "The gateway says this order is done, and shows no charge that matches it.",
                gateway_code="ALREADY_PROCESSED_PAYMENT",
            )
        return known

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        try:
            async with self._open().request(
                method,
                self._base_url + path,
                data=None if body is None else orjson.dumps(body),
                headers=headers,
                allow_redirects=False,
            ) as response:
                return response.status, _decode(await _read(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise GatewayUnreachableError from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise GatewayUnknownError from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            settings = self._settings
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=settings.connections_max),
                timeout=aiohttp.ClientTimeout(
                    total=settings.total_timeout_s, connect=settings.connect_timeout_s
                ),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts = bytearray()
    async for part in response.content.iter_any():
        parts += part
        if len(parts) > ANSWER_BYTES_MAX:
            raise GatewayUnknownError("The gateway's answer is longer than any it has.")
    return bytes(parts)


def _decode(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty for anything else (a proxy's page, a cut answer)."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
