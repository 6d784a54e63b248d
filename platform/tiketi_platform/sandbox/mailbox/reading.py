"""Turns stored mail into what the page and the API show; refuses to run anything a mail contains."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any, Final

from tiketi_platform.sandbox.mailbox.message import Message

PART_CHARS_MAX: Final = 1_000_000
"""Of a text or HTML part that is shown; the raw message has the rest."""
_MAX_HEADERS: Final = 200


def summary(message: Message) -> dict[str, Any]:
    """One line of a listing."""
    return {
        "id": message.number,
        "from": message.sender,
        "to": list(message.recipients),
        "subject": decoded_header(message.subject_raw),
        "message_id": message.message_id,
        "at_ms": message.at_ms,
        "size_bytes": message.size_bytes,
    }


def detail(message: Message, raw: bytes) -> dict[str, Any]:
    """A message with its headers and readable parts."""
    parsed = _parse(raw)
    return {
        **summary(message),
        "headers": [[name, decoded_header(str(value))] for name, value in parsed.raw_items()][
            :_MAX_HEADERS
        ],
        "text": body_part(parsed, "plain"),
        "html": body_part(parsed, "html"),
        "attachments": [
            {"name": part.get_filename() or "", "type": part.get_content_type()}
            for part in parsed.iter_attachments()
        ],
    }


def html_of(raw: bytes) -> str | None:
    """The HTML part, or None when there is none."""
    return body_part(_parse(raw), "html")


def decoded_header(value: str) -> str:
    """An RFC 2047 header as people read it; as it is when it cannot be decoded."""
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):
        return value


def body_part(parsed: EmailMessage, kind: str) -> str | None:
    """The `plain` or `html` body, cut to `PART_CHARS_MAX`; None when there is none."""
    part = parsed.get_body((kind,))
    if part is None or part.get_content_type() != f"text/{kind}":
        return None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    charset = part.get_content_charset("utf-8")
    try:
        text = payload.decode(charset, "replace")
    except LookupError:
        text = payload.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")[:PART_CHARS_MAX]


def _parse(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=modern)
    assert isinstance(parsed, EmailMessage)
    return parsed
