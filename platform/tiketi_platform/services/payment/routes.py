"""The payment service's operations, each bound to a use case; nothing but wire ↔ domain."""

from typing import Final

from tiketi_core.kernel.errors import ForbiddenError
from tiketi_core.kernel.ids import EventId, PaymentId, UserId
from tiketi_core.payment.errors import PaymentNotFoundError
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.cursors import above, below, next_cursor
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.payment import exports
from tiketi_platform.services.payment.service import PaymentService
from tiketi_platform.services.payment.translate import (
    caller,
    charge_wire,
    history_wire,
    payment_wire,
    refund_wire,
    to_buy,
    to_pay,
)
from tiketi_sdk.contract import payment
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Nothing

LATEST_LINES: Final = 20
"""History lines that come with a balance."""


async def charge(service: PaymentService, call: Call[payment.ChargeRequest]) -> payment.Charge:
    settled = await service.payments.buy(to_buy(call.body), caller(payment.CHARGE, call))
    return charge_wire(settled)


async def balance(service: PaymentService, call: Call[Nothing]) -> payment.Balance:
    wallet, lines = await service.statements.balance(call.user_id, limit=LATEST_LINES)
    return payment.Balance(
        user_id=wallet.user_id,
        balance=wallet.balance,
        held=wallet.held,
        histories=tuple(history_wire(line) for line in lines),
    )


async def histories(
    service: PaymentService, call: Call[payment.ListHistoriesRequest]
) -> Page[payment.PointHistory]:
    limit = call.body.limit
    below_id = below("histories", call.body.cursor)
    # One more than asked for tells whether there is a next page.
    lines = await service.statements.histories(call.user_id, below_id=below_id, limit=limit + 1)
    return Page[payment.PointHistory](
        items=tuple(history_wire(line) for line in lines[:limit]),
        next_cursor=next_cursor("histories", [line.id for line in lines], limit),
    )


async def pay(service: PaymentService, call: Call[payment.PayRequest]) -> payment.Payment:
    entry_event_id = None if call.entry is None else call.entry.event_id
    settled = await service.payments.pay(
        to_pay(call.body), caller(payment.PAY, call), entry_event_id=entry_event_id
    )
    return payment_wire(settled.payment)


async def get(service: PaymentService, call: Call[payment.PaymentRequest]) -> payment.Payment:
    found = await service.books.payment(PaymentId(call.body.payment_id))
    principal = call.caller
    is_trusted = principal.is_admin or principal.is_service
    if found is None or not (is_trusted or found.user_id == principal.user_id):
        raise PaymentNotFoundError
    return payment_wire(found)


async def refund(service: PaymentService, call: Call[payment.RefundRequest]) -> payment.Refund:
    if not call.caller.is_admin:
        raise ForbiddenError
    return refund_wire(
        await service.refunds.refund(
            PaymentId(call.body.payment_id),
            amount=call.body.amount,
            reason=call.body.reason,
            caller=caller(payment.REFUND, call),
        )
    )


async def webhook(
    service: PaymentService, call: Call[payment.WebhookRequest]
) -> payment.WebhookReceipt:
    """Anybody may call this, so it only makes us look sooner at what the gateway itself says.

    That is also how the gateway wants its notices verified: those of payments carry no signature. One that
    cannot be verified now is refused, so that the gateway sends it again.
    """
    found = await service.books.payment_of_order(call.body.data.orderId)
    if found is not None and found.status in {"PENDING", "FAILED"}:
        await service.settlement.look(found)
    return payment.WebhookReceipt()


async def grant(service: PaymentService, call: Call[payment.GrantRequest]) -> payment.Granted:
    body = call.body
    granted_count = await service.books.grant(
        [UserId(user_id) for user_id in body.user_ids],
        amount=body.amount,
        reference=body.reference,
    )
    return payment.Granted(granted_count=granted_count)


async def export_payments(
    service: PaymentService, call: Call[payment.EventExportRequest]
) -> Page[payment.AuditedPayment]:
    body = call.body
    above_id = above("payments", body.cursor)
    rows = await service.statements.payments(
        EventId(body.event_id), above_id=above_id, limit=body.limit + 1
    )
    return exports.payments_page(rows, body.limit)


async def export_wallets(
    service: PaymentService, call: Call[payment.ExportRequest]
) -> Page[payment.AuditedWallet]:
    body = call.body
    above_id = above("wallets", body.cursor)
    rows = await service.statements.wallets(above_id=above_id, limit=body.limit + 1)
    return exports.wallets_page(rows, body.limit)


async def export_histories(
    service: PaymentService, call: Call[payment.ExportRequest]
) -> Page[payment.AuditedHistory]:
    body = call.body
    above_id = above("lines", body.cursor)
    rows = await service.statements.lines(above_id=above_id, limit=body.limit + 1)
    return exports.histories_page(rows, body.limit)


ROUTES: Final = (
    bind(payment.CHARGE, charge),
    bind(payment.BALANCE, balance),
    bind(payment.HISTORIES, histories),
    bind(payment.PAY, pay),
    bind(payment.GET, get),
    bind(payment.REFUND, refund),
    bind(payment.WEBHOOK, webhook),
    bind(payment.GRANT, grant),
    bind(payment.AUDIT_WALLETS, export_wallets),
    bind(payment.AUDIT_HISTORIES, export_histories),
    bind(payment.AUDIT_PAYMENTS, export_payments),
)
