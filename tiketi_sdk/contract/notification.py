"""The notification service's operations: what was said to whom, how people want it, and what went wrong."""

from typing import Annotated, Literal

from pydantic import Field

from tiketi_sdk.contract.fields import (
    VISIBLE,
    Cursor,
    ExportLimit,
    Id,
    Instant,
    Limit,
    Page,
    Text,
    Title,
)
from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

Channel = Literal["email", "push", "sms"]
Category = Literal["transactional", "marketing"]
"""What happened to one's own tickets and money, or what somebody would like one to buy."""
Language = Literal["ko", "en"]
DevicePlatform = Literal["android", "ios", "web"]
DeliveryStatus = Literal["PENDING", "SENT", "FAILED", "SKIPPED"]
"""SKIPPED: not sent, because the user does not want it or it came too late to be worth telling."""
DEAD_LETTERS_MAX = 1_000
"""Named in one request to try them anew."""
DeviceToken = Annotated[str, shaped(*VISIBLE, min_length=1, max_length=1_000)]
"""A registration with a push service; those there are have 100 to 300 characters."""

TemplateName = Annotated[
    str,
    shaped(
        r"^[a-z]{1,40}(\.[a-z_]{1,40})?$", "should be the name of a message, as payment.completed"
    ),
]
DeadLetterId = Annotated[
    str,
    shaped(
        r"^(delivery:[0-9]{1,19}|message:[a-z]{1,20}:[0-9A-Za-z-]{1,100})$",
        "should be the id of a dead letter, as delivery:12 or message:payment:1763-0",
    ),
]


class Delivery(Wire):
    """One message to one user by one channel."""

    id: int
    message_id: str
    """The platform message that caused it; there is at most one delivery a message and channel."""
    message_name: str
    """`reservation.confirmed` and so on; `manual` for those sent by hand."""
    user_id: int
    channel: Channel
    recipient: str
    subject: str
    status: DeliveryStatus
    attempt_count: int
    reference_id: int | None = None
    """The reservation or payment it is about."""
    created_at: Instant
    sent_at: Instant | None = None
    category: Category = "transactional"
    error: str | None = None
    """Why the last try did not deliver it."""


class ListDeliveriesRequest(Request):
    """Whose deliveries, newest first; yours unless an administrator asks."""

    user_id: Id | None = None
    status: DeliveryStatus | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class SendRequest(Request):
    """Write to a user by hand."""

    user_id: Id
    subject: Title
    body: Text
    channel: Channel = "email"
    category: Category = "transactional"
    """Advertising goes only to those who agreed to it, by day, and says what it is."""


class AuditDeliveriesRequest(Request):
    """Rows from where on."""

    cursor: Cursor | None = None
    limit: ExportLimit = 5_000


class AuditedDelivery(Wire):
    """A delivery as it stands in the database."""

    delivery_id: int
    message_id: str
    message_name: str
    user_id: int
    reference_id: int | None
    status: DeliveryStatus
    channel: Channel = "email"


class Preferences(Wire):
    """What a user wants to be told, and where. Mail about one's own tickets and money always comes."""

    language: Language
    push: bool
    """Push messages to one's devices."""
    sms: bool
    """Text messages about reservations and one's turn, to the phone of the account."""
    marketing_email: bool
    marketing_push: bool
    marketing_sms: bool
    turn_email: bool = False
    """A mail too when one's turn comes in a waiting room; a push message comes in any case."""


class ChangePreferencesRequest(Request):
    """What is given changes, the rest stays."""

    language: Language | None = None
    push: bool | None = None
    sms: bool | None = None
    marketing_email: bool | None = None
    marketing_push: bool | None = None
    marketing_sms: bool | None = None
    turn_email: bool | None = None


class AddDeviceRequest(Request):
    """A device that takes your push messages, by its registration token."""

    token: DeviceToken
    platform: DevicePlatform


class RemoveDeviceRequest(Request):
    """A device that no longer does."""

    token: DeviceToken


class Device(Wire):
    """A registration."""

    token: str
    platform: DevicePlatform | None = None
    created_at: Instant | None = None
    """When it was registered, or last said to be there."""


class Devices(Wire):
    """All of a user's, the newest first; of more than ten the oldest are forgotten."""

    items: tuple[Device, ...]


class Templates(Wire):
    """The messages people hear about."""

    names: tuple[str, ...]


class PreviewRequest(Request):
    """One message, filled with an example."""

    name: TemplateName
    language: Language = "ko"
    category: Category = "transactional"


class Preview(Wire):
    """What a reader would see."""

    name: str
    language: Language
    subject: str
    text: str
    html: str
    short: str
    """On a lock screen, or as a text message."""


class ListDeadLettersRequest(Request):
    """Newest first."""

    cursor: Cursor | None = None
    limit: Limit = 20


class DeadLetter(Wire):
    """Something that was given up: a delivery no channel took, or a message that could not be applied."""

    id: str
    """`delivery:12` or `message:payment:1763-0`; what replaying takes."""
    kind: Literal["delivery", "message"]
    message_id: str | None = None
    """None for what was no message at all; that cannot be replayed."""
    message_name: str | None = None
    user_id: int | None = None
    channel: Channel | None = None
    reason: str
    attempt_count: int
    at: Instant | None = None


class ReplayRequest(Request):
    """Try these anew; all there are where none is named."""

    ids: (
        Annotated[tuple[DeadLetterId, ...], Field(min_length=1, max_length=DEAD_LETTERS_MAX)] | None
    ) = None


class Replayed(Wire):
    """How many are tried anew."""

    count: int
    more: bool = False
    """There are more than one request may take: ask again."""


LIST = Operation(
    name="notifications.list", method="GET", path="/api/notifications", request=ListDeliveriesRequest,
    response=Page[Delivery], summary="What was said to you, newest first.",
)  # fmt: skip
SEND = Operation(
    name="notifications.send", method="POST", path="/api/notifications", request=SendRequest, response=Delivery,
    access="service", status=201, idempotency="required", summary="Write to a user by hand.",
)  # fmt: skip
AUDIT_DELIVERIES = Operation(
    name="audit.deliveries", method="GET", path="/api/audit/deliveries", request=AuditDeliveriesRequest,
    response=Page[AuditedDelivery], access="admin", summary="Every delivery, for the audit.",
)  # fmt: skip
PREFERENCES = Operation(
    name="notifications.preferences", method="GET", path="/api/notifications/preferences", request=Nothing,
    response=Preferences, summary="What you want to be told, and where.",
)  # fmt: skip
CHANGE_PREFERENCES = Operation(
    name="notifications.change_preferences", method="PATCH", path="/api/notifications/preferences",
    request=ChangePreferencesRequest, response=Preferences, same_twice=True, summary="Change what you want to be told.",
)  # fmt: skip
ADD_DEVICE = Operation(
    name="notifications.add_device", method="POST", path="/api/notifications/devices", request=AddDeviceRequest,
    response=Device, status=201, same_twice=True, summary="Let a device take your push messages.",
)  # fmt: skip
DEVICES = Operation(
    name="notifications.devices", method="GET", path="/api/notifications/devices", request=Nothing,
    response=Devices, summary="The devices that take your push messages.",
)  # fmt: skip
REMOVE_DEVICE = Operation(
    name="notifications.remove_device", method="POST", path="/api/notifications/devices/remove",
    request=RemoveDeviceRequest, response=Device, same_twice=True, summary="Forget one of your devices.",
)  # fmt: skip
TEMPLATES = Operation(
    name="notifications.templates", method="GET", path="/api/notifications/templates", request=Nothing,
    response=Templates, access="admin", summary="The messages people hear about.",
)  # fmt: skip
PREVIEW = Operation(
    name="notifications.preview", method="GET", path="/api/notifications/templates/{name}", request=PreviewRequest,
    response=Preview, access="admin", errors=("not_found",),
    summary="What a reader of a message would see, filled with an example.",
)  # fmt: skip
DEAD_LETTERS = Operation(
    name="notifications.dead_letters", method="GET", path="/api/notifications/dead-letters",
    request=ListDeadLettersRequest, response=Page[DeadLetter], access="admin", summary="What was given up, newest first.",
)  # fmt: skip
REPLAY = Operation(
    name="notifications.replay", method="POST", path="/api/notifications/dead-letters/replay", request=ReplayRequest,
    response=Replayed, access="admin", errors=("delivery_not_found",), summary="Try what was given up anew.",
)  # fmt: skip
