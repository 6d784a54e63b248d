"""Writes a mail as bytes (RFC 5322, MIME); refuses anything that could smuggle in a header.

Done by hand because the standard library takes 0.5 ms for what is 20 µs of work.
"""

import base64
import binascii
import re
import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from tiketi_platform.adapters.smtp.errors import MailRefusedError

SUBJECT_CHARS_MAX: Final = 500
ADDRESS_CHARS_MAX: Final = 320
BODY_CHARS_MAX: Final = 500_000
_WORD_CHARS_MAX: Final = 11
"""In one encoded word: at most 44 bytes of UTF-8, and so 72 of the 75 characters RFC 2047 allows."""
_LINE_CHARS: Final = 76
_UNFIT: Final = re.compile(r'[<>,;:\\"()\[\]\s]')
_BOUNDARY: Final = "=_tiketi_alternative"
"""Cannot occur in a part: parts are base64, which has no underscore."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person."""

    message_id: str
    """Ours, printable ASCII without spaces; the same for each try, so that a repeat can be recognised."""
    to: str
    """One address, without a name."""
    subject: str
    text: str
    html: str | None = None
    """Beside the text, where the reader can show it."""
    unsubscribe_url: str | None = None
    """Where a POST ends this kind of mail (RFC 8058); https, or http in a sandbox."""


def compose(mail: Mail, *, sender_address: str, sender_name: str) -> bytes:
    """The whole message, lines ended by CRLF. MailRefusedError for what cannot be a mail."""
    domain = sender_address.rpartition("@")[2]
    lines = [
        _from(sender_name, sender_address),
        f"To: <{checked_address(mail.to)}>",
        f"Subject: {_encoded(_checked_subject(mail.subject))}",
        f"Message-ID: <{_checked_id(mail.message_id)}@{domain}>",
        f"Date: {formatdate(time.time(), usegmt=True)}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    if mail.unsubscribe_url is not None:
        lines += [
            f"List-Unsubscribe: <{_checked_url(mail.unsubscribe_url)}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    if mail.html is None:
        return _join([*lines, *_part("plain", mail.text)])
    return _join(
        [
            *lines,
            f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
            "",
            f"--{_BOUNDARY}",
            *_part("plain", mail.text),
            f"--{_BOUNDARY}",
            *_part("html", mail.html),
            f"--{_BOUNDARY}--",
            "",
        ]
    )


@lru_cache(maxsize=16)
def _from(name: str, address: str) -> str:
    return f"From: {_encoded(name)} <{checked_address(address)}>"


def checked_address(address: str) -> str:
    """The address when it can stand in an envelope and a header; MailRefusedError otherwise."""
    local, at, domain = address.rpartition("@")
    fits = local and at and domain and len(address) <= ADDRESS_CHARS_MAX
    if not fits or not address.isprintable() or _UNFIT.search(address):
        raise MailRefusedError(f"{address[:80]!r} is not an e-mail address")
    return address


def _checked_subject(subject: str) -> str:
    if len(subject) > SUBJECT_CHARS_MAX or not subject.isprintable():
        raise MailRefusedError("the subject is too long or has characters that no subject has")
    return subject


def _checked_id(message_id: str) -> str:
    usable = message_id.isascii() and message_id.isprintable() and 0 < len(message_id) <= 200
    if not usable or any(c in "<>@ " for c in message_id):
        raise MailRefusedError(f"{message_id[:80]!r} cannot be a Message-ID")
    return message_id


def _checked_url(url: str) -> str:
    usable = url.isascii() and url.isprintable() and len(url) <= 900
    if not usable or any(c in "<> " for c in url):
        raise MailRefusedError(f"{url[:80]!r} cannot stand in a header")
    return url


def _encoded(text: str) -> str:
    """The text as it is when it is short ASCII, else as RFC 2047 words split between characters."""
    if text.isascii() and len(text) <= 60 and "=?" not in text and '"' not in text:
        return text
    chunks = (
        text[start : start + _WORD_CHARS_MAX] for start in range(0, len(text), _WORD_CHARS_MAX)
    )
    return "\r\n ".join(
        f"=?utf-8?B?{base64.b64encode(chunk.encode('utf-8', 'replace')).decode()}?="
        for chunk in chunks
    )


def _part(kind: str, content: str) -> list[str]:
    if len(content) > BODY_CHARS_MAX:
        raise MailRefusedError(f"the {kind} part is longer than {BODY_CHARS_MAX} characters")
    normal = content.replace("\r\n", "\n").replace("\n", "\r\n")
    encoded = binascii.b2a_base64(normal.encode("utf-8", "replace"), newline=False).decode("ascii")
    lines = [encoded[start : start + _LINE_CHARS] for start in range(0, len(encoded), _LINE_CHARS)]
    return [
        f"Content-Type: text/{kind}; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        *lines,
        "",
    ]


def _join(lines: list[str]) -> bytes:
    return "\r\n".join(lines).encode()
