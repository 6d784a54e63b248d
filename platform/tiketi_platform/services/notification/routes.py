"""The notification service's operations, from the wire to the books and back."""

from typing import Final

from tiketi_core.kernel.errors import ForbiddenError
from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.errors import IdempotencyKeyReusedError
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.cursors import from_cursor, to_cursor
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.notification import dead_letters, wishes
from tiketi_platform.services.notification.service import NotificationService
from tiketi_platform.services.notification.translate import to_audited, to_delivery
from tiketi_sdk.contract import notification
from tiketi_sdk.contract.fields import ID_MAX, Page

_LIST: Final = "deliveries"
_EXPORT: Final = "exported-deliveries"


async def list_deliveries(
    service: NotificationService, call: Call[notification.ListDeliveriesRequest]
) -> Page[notification.Delivery]:
    body, caller = call.body, call.caller
    user_id = None if body.user_id is None else UserId(body.user_id)
    if not caller.is_admin and not caller.is_service:
        if user_id not in {None, call.user_id}:
            raise ForbiddenError("these are somebody else's")
        user_id = call.user_id
    below_id = ID_MAX if body.cursor is None else from_cursor(_LIST, body.cursor)
    rows = await service.deliveries.page(
        below_id=below_id, user_id=user_id, status=body.status, limit=body.limit + 1
    )
    items = tuple(to_delivery(row) for row in rows[: body.limit])
    more = len(rows) > body.limit
    return Page(items=items, next_cursor=to_cursor(_LIST, items[-1].id) if more else None)


async def send(
    service: NotificationService, call: Call[notification.SendRequest]
) -> notification.Delivery:
    body = call.body
    row = await service.deliveries.send_by_hand(
        f"manual:{call.caller.subject}:{call.idempotency_key}",
        UserId(body.user_id),
        subject=body.subject,
        body=body.body,
        request_id=call.request_id,
        channel=body.channel,
        category=body.category,
    )
    found = row["user_id"], row["payload"], row["channel"], row["category"]
    asked = (
        body.user_id,
        {"title": body.subject, "body": body.body},
        body.channel,
        body.category,
    )
    if found != asked:
        raise IdempotencyKeyReusedError
    service.wake()
    return to_delivery(row)


async def export(
    service: NotificationService, call: Call[notification.AuditDeliveriesRequest]
) -> Page[notification.AuditedDelivery]:
    body = call.body
    above_id = 0 if body.cursor is None else from_cursor(_EXPORT, body.cursor)
    rows = await service.deliveries.export(above_id=above_id, limit=body.limit + 1)
    items = tuple(to_audited(row) for row in rows[: body.limit])
    more = len(rows) > body.limit
    return Page(
        items=items, next_cursor=to_cursor(_EXPORT, items[-1].delivery_id) if more else None
    )


ROUTES: Final = (
    bind(notification.LIST, list_deliveries),
    bind(notification.SEND, send),
    bind(notification.AUDIT_DELIVERIES, export),
    bind(notification.PREFERENCES, wishes.preferences),
    bind(notification.CHANGE_PREFERENCES, wishes.change_preferences),
    bind(notification.ADD_DEVICE, wishes.add_device),
    bind(notification.DEVICES, wishes.devices),
    bind(notification.REMOVE_DEVICE, wishes.remove_device),
    bind(notification.TEMPLATES, wishes.templates),
    bind(notification.PREVIEW, wishes.preview),
    bind(notification.DEAD_LETTERS, dead_letters.list_dead_letters),
    bind(notification.REPLAY, dead_letters.replay),
)
