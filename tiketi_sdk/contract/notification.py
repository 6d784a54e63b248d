"""The notification service's operations: what was said to whom, and saying something by hand."""

from typing import Literal

from tiketi_sdk.contract.fields import Cursor, ExportLimit, Id, Instant, Limit, Page, Text, Title
from tiketi_sdk.contract.operation import Operation, Request, Wire

Channel = Literal["email"]
DeliveryStatus = Literal["PENDING", "SENT", "FAILED"]


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
