"""What a delivery is, from the message that caused it to the mail that was taken."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tiketi_core.kernel.ids import DeliveryId, UserId

ChannelName = Literal["email", "push", "sms"]
Category = Literal["transactional", "marketing"]
"""What happened to one's own tickets and money, or what somebody would like one to buy."""
Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told to one user; its message id makes sure that it is told once a channel."""

    message_id: str
    message_name: str
    """Names the template too; `manual` for what a person wrote."""
    user_id: UserId
    subject: str
    payload: Mapping[str, object]
    """What the template is filled with."""
    reference_id: int | None
    """The reservation, payment or event it is about."""
    request_id: str = ""
    category: Category = "transactional"
    channels: tuple[ChannelName, ...] = ("email",)
    """Where it may be told; a user's preferences take away from it."""
    useful_ms: int | None = None
    """For how long after it happened it is worth telling; None for ever."""
    occurred_at_ms: int = 0
    """When it happened."""

    @property
    def stable_id(self) -> str:
        """What providers know it by, 32 hex digits: the same in each try and process.

        A hash, because what a caller chose as a key may hold characters that no header has.
        """
        return hashlib.sha256(self.message_id.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user a delivery is for wants, and how much they got already."""

    language: Language = "ko"
    agrees: bool = True
    """Whether they take this category by this channel."""
    recent_count: int = 0
    """Deliveries sent to them by this channel and of this category within the limit's window."""
    devices: tuple[str, ...] = ()
    """Push registrations, for the push channel."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way by one channel; `attempt_count` counts the try under way."""

    id: DeliveryId
    notice: Notice
    attempt_count: int
    channel: ChannelName = "email"
    wishes: Wishes = Wishes()
    is_stale: bool = False
    """Whether the time in which it was worth telling is over."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a user is reached."""

    user_id: UserId
    email: str
    name: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in one language."""

    subject: str
    text: str
    html: str
    short: str
    """One sentence, for a lock screen or an SMS."""
    unsubscribe_url: str | None = None
    """Where one click ends this kind of notice; None for what cannot be refused."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery in words, with the address it goes to: what a channel is given."""

    delivery: Delivery
    contact: Contact
    words: Words

    @property
    def recipient(self) -> str:
        """The address as the books keep it."""
        match self.delivery.channel:
            case "email":
                return self.contact.email
            case "sms":
                return self.contact.phone or ""
            case "push":
                return f"{len(self.delivery.wishes.devices)} devices"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went: sent when there is no error, never again when it is final."""

    delivery_id: DeliveryId
    attempt_count: int
    """The try it tells of; a later one of the same delivery is somebody else's to settle."""
    recipient: str = ""
    subject: str = ""
    """As it was sent; empty when nothing was."""
    error: str | None = None
    retry_after_ms: int | None = None
    """When to try again; None with an error means never."""
    is_counted: bool = True
    """False for a try that says nothing about this delivery: nobody answered, or it has to wait."""
    is_unwanted: bool = False
    """Whether it is not sent because it is not wanted, or no longer worth telling."""
