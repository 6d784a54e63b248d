"""What a delivery is, from the message that caused it to the mail that was taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiketi_core.kernel.ids import DeliveryId, UserId


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told to one user; its message id makes sure that it is told once."""

    message_id: str
    message_name: str
    """Names the template too; `manual` for what a person wrote."""
    user_id: UserId
    subject: str
    payload: Mapping[str, object]
    """What the template is filled with."""
    reference_id: int | None
    """The reservation or payment it is about."""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way; `attempt_count` counts the try under way."""

    id: DeliveryId
    notice: Notice
    attempt_count: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a user is reached."""

    user_id: UserId
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went: sent when there is no error, never again when it is final."""

    delivery_id: DeliveryId
    recipient: str = ""
    error: str | None = None
    retry_after_ms: int | None = None
    """When to try again; None with an error means never."""
