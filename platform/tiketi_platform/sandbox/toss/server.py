"""Serves the sandbox gateway over HTTP; refuses callers without the secret key, and anything oversized."""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import ValidationError

from tiketi_platform.sandbox.ports import (
    LOOPBACK,
    TOSS_PORT,
    TOSS_SECRET_KEY,
)
from tiketi_platform.sandbox.serving import serving
from tiketi_platform.sandbox.toss.behaviour import Behaviour
from tiketi_platform.sandbox.toss.errors import TossError, toss_error
from tiketi_platform.sandbox.toss.gateway import (
    BrokenConnectionError,
    SandboxGateway,
    SilentError,
)
from tiketi_platform.sandbox.toss.journal import Journal
from tiketi_platform.sandbox.toss.ledger import Answer, Ledger, Payment
from tiketi_platform.sandbox.toss.payment_json import encode
from tiketi_platform.sandbox.toss.webhooks import Webhooks

BODY_BYTES_MAX: Final = 64 * 1024
PAGE_LIMIT_MAX: Final = 5_000
SILENCE_S: Final = 60.0
"""How long a request that gets no answer is held before its connection is broken."""
_SILENCE_STEP_S: Final = 0.25
_JSON: Final = {"Content-Type": "application/json"}

Handler = Callable[[web.Request], Awaitable[web.Response]]


class TossSandbox:
    """The running gateway: its address, and its inside for tests that live in the same loop."""

    def __init__(self, gateway: SandboxGateway, *, secret_key: str) -> None:
        self.gateway = gateway
        self.url = ""
        """`http://host:port`, set once it listens."""
        self._expected = b"Basic " + base64.b64encode(f"{secret_key}:".encode())
        self._closing = asyncio.Event()

    def app(self) -> web.Application:
        """The routes: the Toss API under /v1, ours under /sandbox."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        guard = self._guarded
        app.add_routes(
            [
                web.post("/v1/payments/confirm", guard(self._confirm)),
                web.get("/v1/payments/orders/{order_id}", guard(self._by_order)),
                web.get("/v1/payments/{payment_key}", guard(self._by_key)),
                web.post("/v1/payments/{payment_key}/cancel", guard(self._cancel)),
                web.get("/sandbox/payments", guard(self._list)),
                web.get("/sandbox/totals", guard(self._totals)),
                web.get("/sandbox/behaviour", guard(self._behaviour)),
                web.put("/sandbox/behaviour", guard(self._set_behaviour)),
                web.get("/health/ready", self._ready),
            ]
        )
        return app

    def stop_waiting(self) -> None:
        """Let go of the requests that are being kept without an answer."""
        self._closing.set()

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            try:
                self._authorize(request)
                return await handler(request)
            except TossError as error:
                return _json(error.body, status=error.status)
            except SilentError:
                await self._keep_silent(request)
            except BrokenConnectionError:
                pass
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)

        return guarded

    def _authorize(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not given.startswith(b"Basic "):
            raise toss_error("INCORRECT_BASIC_AUTH_FORMAT" if given else "UNAUTHORIZED_KEY")
        if not hmac.compare_digest(given, self._expected):
            raise toss_error("UNAUTHORIZED_KEY")

    async def _keep_silent(self, request: web.Request) -> None:
        for _ in range(int(SILENCE_S / _SILENCE_STEP_S)):
            if request.transport is None or request.transport.is_closing():
                return
            try:
                await asyncio.wait_for(self._closing.wait(), _SILENCE_STEP_S)
            except TimeoutError:
                continue
            return

    async def _confirm(self, request: web.Request) -> web.Response:
        headers = request.headers
        return _payment(
            await self.gateway.confirm(
                await _body(request),
                key=headers.get("Idempotency-Key"),
                test_code=headers.get("TossPayments-Test-Code"),
            )
        )

    async def _cancel(self, request: web.Request) -> web.Response:
        return _payment(
            await self.gateway.cancel(
                request.match_info["payment_key"],
                await _body(request),
                key=request.headers.get("Idempotency-Key"),
            )
        )

    async def _by_key(self, request: web.Request) -> web.Response:
        payment = self.gateway.ledger.by_key(request.match_info["payment_key"])
        return _payment(self.gateway.find(payment))

    async def _by_order(self, request: web.Request) -> web.Response:
        payment = self.gateway.ledger.by_order(request.match_info["order_id"])
        return _payment(self.gateway.find(payment))

    async def _list(self, request: web.Request) -> web.Response:
        limit = min(_number(request, "limit", 1_000), PAGE_LIMIT_MAX)
        after = _number(request, "after", 0)
        page = self.gateway.ledger.page(after=after, limit=limit)
        return _json(
            orjson.dumps(
                {
                    "payments": [_row(payment) for payment in page],
                    "next_after": page[-1].number if len(page) == limit else None,
                }
            )
        )

    async def _totals(self, _request: web.Request) -> web.Response:
        totals = self.gateway.ledger.totals
        return _json(
            orjson.dumps(
                {
                    **asdict(totals),
                    "kept_won": totals.approved_won - totals.cancelled_won,
                    "webhooks": asdict(self.gateway.webhooks.counts),
                }
            )
        )

    async def _behaviour(self, _request: web.Request) -> web.Response:
        return _json(self.gateway.behaviour.model_dump_json().encode())

    async def _set_behaviour(self, request: web.Request) -> web.Response:
        try:
            self.gateway.behaviour = Behaviour.model_validate_json(await request.read())
        except ValidationError as error:
            raise toss_error("INVALID_REQUEST") from error
        return await self._behaviour(request)

    @staticmethod
    async def _ready(_request: web.Request) -> web.Response:
        return _json(b'{"status":"ready"}')


def _json(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, headers=_JSON)


def _payment(answer: Answer) -> web.Response:
    return _json(encode(answer))


async def _body(request: web.Request) -> Any:  # the codec's edge: JSON of any shape
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise toss_error("INVALID_REQUEST") from error


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise toss_error("INVALID_REQUEST")
    return int(text)


def _row(payment: Payment) -> dict[str, object]:
    return {
        "number": payment.number,
        "payment_key": payment.payment_key,
        "order_id": payment.order_id,
        "amount_won": payment.amount_won,
        "balance_won": payment.balance_won,
        "failure_code": payment.failure_code,
        "token": payment.token,
        "at_ms": payment.at_ms,
    }


@asynccontextmanager
async def running_toss_sandbox(
    *,
    data_dir: Path,
    port: int = TOSS_PORT,
    host: str = LOOPBACK,
    secret_key: str = TOSS_SECRET_KEY,
    webhook_url: str | None = None,
) -> AsyncIterator[TossSandbox]:
    """Serve the gateway in this loop until the block ends; port 0 takes a free one.

    Payments are kept in `data_dir/toss.jsonl`. OSError when the port is taken.
    """
    journal = Journal(data_dir / "toss.jsonl")
    try:
        webhooks = Webhooks()
        gateway = SandboxGateway(Ledger(journal), webhooks, Behaviour(webhook_url=webhook_url))
        sandbox = TossSandbox(gateway, secret_key=secret_key)
        try:
            async with serving(sandbox.app(), host=host, port=port) as url:
                sandbox.url = url
                try:
                    yield sandbox
                finally:
                    sandbox.stop_waiting()
        finally:
            await webhooks.close()
    finally:
        journal.close()
