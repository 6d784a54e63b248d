"""What is known about a received message without reading it again; refuses to judge its content."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tiketi_platform.sandbox.mailbox.segment import Segment

HEADER_CHARS_MAX: Final = 998
"""Of a subject or a message id that is remembered; RFC 5322's longest line."""
_SUBJECT: Final = re.compile(rb"(?im)^subject:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_MESSAGE_ID: Final = re.compile(rb"(?im)^message-id:\s*<?([^<>\r\n]*)")
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the store: its envelope, and where its bytes are."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    """Envelope recipients as given."""
    subject_raw: str
    """Unfolded, and still encoded as it arrived (RFC 2047)."""
    message_id: str
    """Without the angle brackets; empty when there was none."""
    at_ms: int
    segment: "Segment"
    offset: int
    size_bytes: int

    @property
    def recipient_keys(self) -> set[str]:
        """What recipients are looked up by: each address once, without regard to case."""
        return {recipient.casefold() for recipient in self.recipients}

    def record(self) -> dict[str, object]:
        """The line of the index."""
        return {
            "number": self.number,
            "from": self.sender,
            "to": self.recipients,
            "subject": self.subject_raw,
            "message_id": self.message_id,
            "at_ms": self.at_ms,
            "offset": self.offset,
            "size": self.size_bytes,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any], *, segment: "Segment") -> "Message":
        """Back from a line of the index."""
        return cls(
            number=record["number"],
            sender=record["from"],
            recipients=tuple(record["to"]),
            subject_raw=record["subject"],
            message_id=record["message_id"],
            at_ms=record["at_ms"],
            segment=segment,
            offset=record["offset"],
            size_bytes=record["size"],
        )


def describe(
    raw: bytes,
    *,
    number: int,
    sender: str,
    recipients: tuple[str, ...],
    at_ms: int,
    segment: "Segment",
    offset: int,
) -> Message:
    """Read the two headers a listing needs."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    return Message(
        number,
        sender,
        recipients,
        _FOLD.sub(" ", _first(_SUBJECT, head)),
        _first(_MESSAGE_ID, head),
        at_ms,
        segment,
        offset,
        len(raw),
    )


def _first(pattern: re.Pattern[bytes], head: bytes) -> str:
    found = pattern.search(head)
    if found is None:
        return ""
    return found[1][:HEADER_CHARS_MAX].decode("utf-8", "replace").strip()
