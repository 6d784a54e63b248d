"""What operators hear of payments and refunds that do not come to an end; settles nothing itself."""

import logging
from typing import Final

from tiketi_core.payment.gateway import CancelRefusedError, GatewayError, GatewayRefusedError
from tiketi_platform.adapters.postgres.payment import PostgresStatements, UnderWay
from tiketi_platform.framework.telemetry import Gauge, log

_FOR_PEOPLE: Final = (CancelRefusedError, GatewayRefusedError)
"""Trying again alone will not mend these."""


class Watch:
    """The `Alarms` port as log lines, and gauges of what is under way."""

    def __init__(self, statements: PostgresStatements) -> None:
        self._statements = statements
        self._seen = UnderWay()

    def gateway_failed(self, error: GatewayError, *, step: str, order_id: str) -> None:
        """One line: an error where somebody has to act, a warning where time may mend it."""
        level = logging.ERROR if isinstance(error, _FOR_PEOPLE) else logging.WARNING
        facts = {
            "kind": type(error).__name__,
            "code": error.code,
            "gateway_code": error.gateway_code,
            "detail": error.detail,
            "step": step,
            "order_id": order_id,
        }
        log.log(level, "the card gateway failed", extra=facts)

    async def look(self) -> None:
        """See what is under way now. For periodic use."""
        self._seen = await self._statements.under_way()

    def gauges(self) -> tuple[Gauge, ...]:
        """As of the latest look; every replica sees the same."""
        return (
            Gauge(
                name="payment_pending_oldest_seconds",
                documentation="How long the oldest payment has been under way.",
                read=lambda: self._seen.payment_oldest_s,
            ),
            Gauge(
                name="refund_pending_oldest_seconds",
                documentation="How long the oldest refund has been under way.",
                read=lambda: self._seen.refund_oldest_s,
            ),
            Gauge(
                name="refunds_declined",
                documentation="Refunds that are owed though the card gateway declined them.",
                read=lambda: self._seen.declined_count,
            ),
        )
