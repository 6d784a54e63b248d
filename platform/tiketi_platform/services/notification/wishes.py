"""What people want to be told, where, and what it looks like: the operations."""

from typing import Any, Final

from tiketi_core.kernel.ids import DeliveryId
from tiketi_core.notification.model import Contact, Delivery, Notice, Wishes
from tiketi_platform.framework.call import Call
from tiketi_platform.services.notification.service import NotificationService
from tiketi_sdk.contract import notification
from tiketi_sdk.contract.operation import Nothing

DEFAULTS: Final = notification.Preferences(
    language="ko",
    push=True,
    sms=False,
    marketing_email=False,
    marketing_push=False,
    marketing_sms=False,
    turn_email=False,
)
"""Of a user who never said anything; the table's defaults say the same."""
_EXAMPLE: Final = {
    "amount": 30_000,
    "balance": 180_000,
    "body": "내일 공연은 저녁 7시에 시작합니다.\n\nTomorrow's concert begins at 7 in the evening.",
    "card": 20_000,
    "card_amount": 120_000,
    "email": "haneul@example.com",
    "event_id": 1,
    "name": "김하늘",
    "number": "K7Q2-M4XD",
    "payment_id": 1,
    "point_used": 30_000,
    "points": 10_000,
    "reason": "by_user",
    "reservation_id": 1,
    "seat_ids": (1, 2),
    "title": "공연 시간 안내 · About tomorrow",
    "token": "an-example-of-a-code",
    "total_price": 150_000,
    "ttl_minutes": 30,
}
"""What previews are filled with: more than any one template names."""


async def preferences(
    service: NotificationService, call: Call[Nothing]
) -> notification.Preferences:
    row = await service.preferences.find(call.user_id)
    return DEFAULTS if row is None else _to_wire(row)


async def change_preferences(
    service: NotificationService, call: Call[notification.ChangePreferencesRequest]
) -> notification.Preferences:
    body = call.body
    row = await service.preferences.change(
        call.user_id,
        language=body.language,
        push=body.push,
        sms=body.sms,
        marketing_email=body.marketing_email,
        marketing_push=body.marketing_push,
        marketing_sms=body.marketing_sms,
        turn_email=body.turn_email,
    )
    return _to_wire(row)


async def add_device(
    service: NotificationService, call: Call[notification.AddDeviceRequest]
) -> notification.Device:
    await service.preferences.add_device(call.user_id, call.body.token, call.body.platform)
    return notification.Device(token=call.body.token)


async def devices(service: NotificationService, call: Call[Nothing]) -> notification.Devices:
    rows = await service.preferences.devices(call.user_id)
    return notification.Devices(
        items=tuple(
            notification.Device(
                token=row["token"], platform=row["platform"], created_at=row["created_at"]
            )
            for row in rows
        )
    )


async def remove_device(
    service: NotificationService, call: Call[notification.RemoveDeviceRequest]
) -> notification.Device:
    await service.preferences.remove_device(call.user_id, call.body.token)
    return notification.Device(token=call.body.token)


async def templates(service: NotificationService, _call: Call[Nothing]) -> notification.Templates:
    return notification.Templates(names=service.templates.names)


async def preview(
    service: NotificationService, call: Call[notification.PreviewRequest]
) -> notification.Preview:
    # To whoever looks at it: the link in it ends nobody else's advertising.
    body, reader = call.body, call.user_id
    notice = Notice("preview", body.name, reader, "", _EXAMPLE, None, category=body.category)
    # By name first: what there is no template for is not found rather than refused.
    service.templates.subject(notice, body.language)
    delivery = Delivery(DeliveryId(1), notice, 1, wishes=Wishes(body.language))
    contact = Contact(reader, str(_EXAMPLE["email"]), str(_EXAMPLE["name"]))
    words = service.templates.words(delivery, contact)
    return notification.Preview(
        name=body.name,
        language=body.language,
        subject=words.subject,
        text=words.text,
        html=words.html,
        short=words.short,
    )


def _to_wire(row: Any) -> notification.Preferences:  # a database record, read by name
    return notification.Preferences(
        language=row["language"],
        push=row["push"],
        sms=row["sms"],
        marketing_email=row["marketing_email"],
        marketing_push=row["marketing_push"],
        marketing_sms=row["marketing_sms"],
        turn_email=row["turn_email"],
    )
