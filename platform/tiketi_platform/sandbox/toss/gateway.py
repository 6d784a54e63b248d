"""Decides what the sandbox gateway answers to a confirm or a cancel; refuses to know about HTTP.

Rules follow the Toss Payments API: an order is paid at most once, a request with an idempotency key is
done at most once and answered the same again, and no more goes back to a card than came from it.
"""

import asyncio
import re
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

from tiketi_platform.sandbox.toss.behaviour import Behaviour
from tiketi_platform.sandbox.toss.errors import is_known, toss_error
from tiketi_platform.sandbox.toss.ledger import Answer, Ledger, Payment
from tiketi_platform.sandbox.toss.tokens import TOKENS, Script
from tiketi_platform.sandbox.toss.webhooks import Webhooks

AMOUNT_WON_MAX: Final = 1_000_000_000
KEY_CHARS_MAX: Final = 300
"""Of an idempotency key, as the API documents it."""
REASON_CHARS_MAX: Final = 200
FAILED_ONCE_MAX: Final = 10_000
_ORDER_ID: Final = re.compile(r"[A-Za-z0-9_=-]{6,64}")


class SilentError(Exception):
    """No answer is to be sent: the client must run into its own timeout."""


class BrokenConnectionError(Exception):
    """The connection is to break instead of an answer."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The body of POST /v1/payments/confirm, checked."""

    payment_key: str
    order_id: str
    amount_won: int


def parse_confirm(body: Any) -> Confirm:  # the codec's edge: JSON of any shape
    """Check a confirm body; INVALID_REQUEST for anything the API would not take."""
    match body:
        case {"paymentKey": str(key), "orderId": str(order_id), "amount": int(amount_won)} if (
            0 < len(key) <= 200
            and _ORDER_ID.fullmatch(order_id)
            and type(amount_won) is int
            and 0 < amount_won <= AMOUNT_WON_MAX
        ):
            return Confirm(key, order_id, amount_won)
        case _:
            raise toss_error("INVALID_REQUEST")


def parse_cancel(body: Any) -> tuple[str, int | None]:  # the codec's edge: JSON of any shape
    """Check a cancel body: the reason, and the amount when it is not all of it."""
    match body:
        case {"cancelReason": str(reason)} if 0 < len(reason) <= REASON_CHARS_MAX:
            amount_won = body.get("cancelAmount")
            if amount_won is None or (type(amount_won) is int and 0 < amount_won <= AMOUNT_WON_MAX):
                return reason, amount_won
    raise toss_error("INVALID_REQUEST")


class SandboxGateway:
    """One merchant's gateway: the ledger, what it was told to do wrong, and its webhooks."""

    def __init__(self, ledger: Ledger, webhooks: Webhooks, behaviour: Behaviour) -> None:
        self.ledger = ledger
        self.webhooks = webhooks
        self.behaviour = behaviour
        self._working: set[str] = set()
        self._failed_once: dict[str, None] = {}

    async def confirm(self, body: Any, *, key: str | None, test_code: str | None) -> Answer:
        """Charge a card, or raise what the API would answer."""
        request_key = _request_key("/v1/payments/confirm", key)
        return self._replayed(request_key) or await self._once(
            request_key, self._confirm(parse_confirm(body), request_key, test_code)
        )

    async def cancel(self, payment_key: str, body: Any, *, key: str | None) -> Answer:
        """Give back all or part of a payment, or raise what the API would answer."""
        request_key = _request_key(f"/v1/payments/{payment_key}/cancel", key)
        return self._replayed(request_key) or await self._once(
            request_key, self._cancel(payment_key, *parse_cancel(body), request_key)
        )

    def find(self, payment: Payment | None) -> Answer:
        """What a query answers."""
        if payment is None:
            raise toss_error("NOT_FOUND_PAYMENT")
        return Answer(payment, len(payment.cancels))

    def _replayed(self, request_key: str | None) -> Answer | None:
        if request_key is None:
            return None
        if request_key in self._working:
            raise toss_error("IDEMPOTENT_REQUEST_PROCESSING")
        answer = self.ledger.answer(request_key)
        if answer is not None and answer.payment.failure_code is not None:
            raise toss_error(answer.payment.failure_code)
        return answer

    async def _once(self, request_key: str | None, work: Coroutine[None, None, Answer]) -> Answer:
        if request_key is None:
            return await work
        self._working.add(request_key)
        try:
            return await work
        finally:
            self._working.discard(request_key)

    async def _confirm(
        self, asked: Confirm, request_key: str | None, test_code: str | None
    ) -> Answer:
        script = self._script(asked, test_code)
        await self._wait(script.delay_ms + self.behaviour.latency_ms)
        self._check_order_free(asked)
        if script.silent_before:
            raise SilentError
        if script.fail_before or (script.fail_once and self._fails_now(asked.order_id)):
            raise toss_error("FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING")
        answer = self.ledger.record_attempt(
            order_id=asked.order_id,
            amount_won=asked.amount_won,
            token=asked.payment_key,
            at_ms=time.time_ns() // 1_000_000,
            request_key=request_key,
            failure_code=script.decline,
        )
        self._announce(answer.payment, script.webhook_copies)
        if script.decline is not None:
            raise toss_error(script.decline)
        _fail_after(script)
        return answer

    def _script(self, asked: Confirm, test_code: str | None) -> Script:
        told = self.behaviour
        if test_code is not None and is_known(test_code):
            return Script(decline=test_code)
        script = TOKENS.get(asked.payment_key)
        if script is None:
            raise toss_error("NOT_FOUND_PAYMENT_SESSION")
        if told.decline_next_count:
            told.decline_next_count -= 1
            return Script(decline="REJECT_CARD_COMPANY")
        if told.error_next_count:
            told.error_next_count -= 1
            return Script(fail_before=True)
        if told.timeout_next_count:
            told.timeout_next_count -= 1
            return Script(silent_after=True)
        return script

    def _check_order_free(self, asked: Confirm) -> None:
        known = self.ledger.by_order(asked.order_id)
        if known is None or known.failure_code is not None:
            return
        same = known.token == asked.payment_key and known.amount_won == asked.amount_won
        raise toss_error("ALREADY_PROCESSED_PAYMENT" if same else "DUPLICATED_ORDER_ID")

    def _fails_now(self, order_id: str) -> bool:
        if order_id in self._failed_once:
            return False
        if len(self._failed_once) >= FAILED_ONCE_MAX:
            del self._failed_once[next(iter(self._failed_once))]
        self._failed_once[order_id] = None
        return True

    async def _cancel(
        self, payment_key: str, reason: str, amount_won: int | None, request_key: str | None
    ) -> Answer:
        await self._wait(self.behaviour.latency_ms)
        payment = self.ledger.by_key(payment_key)
        if payment is None:
            raise toss_error("NOT_FOUND_PAYMENT")
        if payment.failure_code is not None:
            raise toss_error("NOT_CANCELABLE_PAYMENT")
        if payment.balance_won == 0:
            raise toss_error("ALREADY_CANCELED_PAYMENT")
        back_won = payment.balance_won if amount_won is None else amount_won
        if back_won > payment.balance_won:
            raise toss_error("NOT_CANCELABLE_AMOUNT")
        answer = self.ledger.record_cancel(
            payment,
            amount_won=back_won,
            reason=reason,
            at_ms=time.time_ns() // 1_000_000,
            request_key=request_key,
        )
        self._announce(payment, 1)
        return answer

    def _announce(self, payment: Payment, copies: int) -> None:
        copies = max(copies, self.behaviour.webhook_copies) if copies else 0
        self.webhooks.announce(payment, url=self.behaviour.webhook_url, copies=copies)

    @staticmethod
    async def _wait(delay_ms: int) -> None:
        if delay_ms:
            await asyncio.sleep(delay_ms / 1_000)


def _request_key(path: str, key: str | None) -> str | None:
    if not key:
        return None
    if len(key) > KEY_CHARS_MAX:
        raise toss_error("INVALID_IDEMPOTENCY_KEY")
    return f"{path} {key}"


def _fail_after(script: Script) -> None:
    if script.silent_after:
        raise SilentError
    if script.drop_after:
        raise BrokenConnectionError
    if script.fail_after:
        raise toss_error("FAILED_INTERNAL_SYSTEM_PROCESSING")
