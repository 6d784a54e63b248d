"""Receives mail by SMTP (RFC 5321) for the mailbox; refuses to relay, to authenticate, or to be flooded.

Spoken: EHLO/HELO, MAIL, RCPT, DATA, RSET, NOOP, VRFY, HELP, QUIT with PIPELINING, SIZE, 8BITMIME and
SMTPUTF8. Why not a library: docs/decisions, "Our own SMTP endpoints".
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Final, cast

from typing_extensions import override

from tiketi_platform.sandbox.mailbox.store import MailStore

MESSAGE_BYTES_MAX: Final = 10 * 1024 * 1024
LINE_BYTES_MAX: Final = 2_048
"""A command line; RFC 5321 asks for 512 and more with extensions."""
RECIPIENTS_MAX: Final = 100
ADDRESS_BYTES_MAX: Final = 320
CONNECTIONS_MAX: Final = 1_000
IDLE_S: Final = 300.0
ERRORS_MAX: Final = 50
"""Refused commands on one connection before it is closed."""
TEMPORARY_FAILURE: Final = "fail.temporarily@"
"""Mail to an address that starts so is answered 451, to try retries with."""
PERMANENT_FAILURE: Final = "fail.permanently@"
"""Mail to an address that starts so is answered 550."""
_PATH: Final = re.compile(rb"(?i)(?:FROM|TO):\s*<([^<>\s]*)>((?:\s+[^\s]+)*)\s*")
_SIZE: Final = re.compile(rb"(?i)\bSIZE=(\d{1,20})")
_EHLO: Final = (
    b"250-tiketi sandbox mailbox\r\n250-PIPELINING\r\n250-SIZE %d\r\n250-8BITMIME\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8"
) % MESSAGE_BYTES_MAX

_log = logging.getLogger(__name__)


class SmtpSession(asyncio.Protocol):
    """One connection, from its greeting to its QUIT."""

    def __init__(self, store: MailStore, sessions: "set[SmtpSession]") -> None:
        self._store = store
        self._sessions = sessions
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._scanned_bytes = 0
        self._receiving = False
        self._too_big = False
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._errors_count = 0
        self._replies: list[bytes] = []
        self._closing = False
        self._touched_s = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self._commands: dict[bytes, Callable[[bytes], bytes]] = {
            b"EHLO": self._ehlo,
            b"HELO": lambda _: self._fresh(b"250 tiketi sandbox mailbox"),
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"RSET": lambda _: self._fresh(b"250 2.0.0 forgotten"),
            b"NOOP": lambda _: b"250 2.0.0 here",
            b"VRFY": lambda _: b"252 2.5.0 send and see",
            b"HELP": lambda _: b"214 2.0.0 RFC 5321",
            b"QUIT": self._quit,
        }

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an isinstance check: uvloop's transports are Transports by shape only.
        self._transport = connected = cast("asyncio.Transport", transport)
        if len(self._sessions) >= CONNECTIONS_MAX:
            connected.write(b"421 4.7.0 too many connections\r\n")
            connected.close()
            return
        self._sessions.add(self)
        connected.write(b"220 tiketi sandbox mailbox ESMTP\r\n")
        self._watch()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._sessions.discard(self)
        if self._idle is not None:
            self._idle.cancel()

    @override
    def pause_writing(self) -> None:
        # Somebody sends commands without reading replies: stop listening until they do.
        assert self._transport is not None
        self._transport.pause_reading()

    @override
    def resume_writing(self) -> None:
        assert self._transport is not None
        self._transport.resume_reading()

    @override
    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        self._touched_s = asyncio.get_running_loop().time()
        self._buffer += data
        while self._advance():
            pass
        if self._replies:
            self._transport.write(b"\r\n".join(self._replies) + b"\r\n")
            self._replies.clear()
        if self._closing:
            self._transport.close()

    def shut(self) -> None:
        """Say that the server stops, and hang up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"421 4.3.2 the sandbox stops\r\n")
            self._transport.close()

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if self._touched_s and loop.time() - self._touched_s > IDLE_S:
            self.shut()
            return
        self._touched_s = self._touched_s or loop.time()
        self._idle = loop.call_later(IDLE_S, self._watch)

    def _advance(self) -> bool:
        """Take one command or one message from the buffer; False when there is no whole one."""
        if self._closing:
            return False
        return self._content() if self._receiving else self._command()

    def _command(self) -> bool:
        """Answer one command line; False when there is no whole one yet."""
        end = self._buffer.find(b"\r\n")
        if end < 0 and len(self._buffer) <= LINE_BYTES_MAX:
            return False
        if end < 0 or end > LINE_BYTES_MAX:
            self._replies.append(b"500 5.5.6 line too long")
            self._closing = True
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        verb, _, rest = line.partition(b" ")
        command = self._commands.get(verb.upper())
        reply = b"502 5.5.1 not spoken here" if command is None else command(rest)
        self._replies.append(reply)
        if reply[:1] == b"5":
            self._errors_count += 1
            self._closing = self._closing or self._errors_count >= ERRORS_MAX
        return True

    def _ehlo(self, rest: bytes) -> bytes:
        return self._fresh(_EHLO) if rest.strip() else b"501 5.5.4 EHLO needs a name"

    def _fresh(self, reply: bytes) -> bytes:
        self._sender = None
        self._recipients = []
        return reply

    def _mail(self, rest: bytes) -> bytes:
        if self._sender is not None:
            return b"503 5.5.1 one sender at a time"
        address, options = _path(rest, b"FROM")
        if address is None:
            return b"501 5.1.7 MAIL FROM:<address>"
        size = _SIZE.search(options)
        if size is not None and int(size[1]) > MESSAGE_BYTES_MAX:
            return b"552 5.3.4 too big"
        self._sender = address
        return b"250 2.1.0 sender noted"

    def _rcpt(self, rest: bytes) -> bytes:
        if self._sender is None:
            return b"503 5.5.1 MAIL comes first"
        address, _ = _path(rest, b"TO")
        if not address:
            return b"501 5.1.3 RCPT TO:<address>"
        if len(self._recipients) >= RECIPIENTS_MAX:
            return b"452 4.5.3 too many recipients"
        if address.startswith(TEMPORARY_FAILURE):
            return b"451 4.3.0 failing for a while, as asked"
        if address.startswith(PERMANENT_FAILURE):
            return b"550 5.1.1 failing for good, as asked"
        self._recipients.append(address)
        return b"250 2.1.5 recipient noted"

    def _data(self, _rest: bytes) -> bytes:
        if not self._recipients:
            return b"503 5.5.1 RCPT comes first"
        self._receiving = True
        self._too_big = False
        self._scanned_bytes = 0
        # The end of a message is a line of one dot; this makes the first line like all the others.
        self._buffer[:0] = b"\r\n"
        return b"354 end with a line of one dot"

    def _quit(self, _rest: bytes) -> bytes:
        self._closing = True
        return b"221 2.0.0 bye"

    def _content(self) -> bool:
        """Take the message when all of it is here; False when it is not."""
        end = self._buffer.find(b"\r\n.\r\n", max(0, self._scanned_bytes - 4))
        if end < 0:
            self._scanned_bytes = len(self._buffer)
            if self._scanned_bytes > MESSAGE_BYTES_MAX + 2:
                self._too_big = True
                del self._buffer[:-4]
                self._scanned_bytes = 4
            return False
        too_big = self._too_big or end > MESSAGE_BYTES_MAX + 2
        raw = b"" if too_big else bytes(self._buffer[2 : end + 2]).replace(b"\r\n.", b"\r\n")
        if raw.startswith(b"."):
            raw = raw[1:]
        del self._buffer[: end + 5]
        self._receiving = False
        self._replies.append(b"552 5.3.4 too big" if too_big else self._keep(raw))
        self._fresh(b"")
        return True

    def _keep(self, raw: bytes) -> bytes:
        assert self._sender is not None
        try:
            message = self._store.add(raw, sender=self._sender, recipients=tuple(self._recipients))
        except OSError:
            _log.exception("a message could not be kept")
            return b"452 4.3.1 no room"
        return b"250 2.0.0 kept as %d" % message.number


def _path(rest: bytes, keyword: bytes) -> tuple[str | None, bytes]:
    """The address between the angle brackets and what follows it; None when it is not one."""
    found = _PATH.fullmatch(rest)
    if found is None or rest[: len(keyword)].upper() != keyword:
        return None, b""
    if len(found[1]) > ADDRESS_BYTES_MAX:
        return None, b""
    try:
        return found[1].decode(), found[2]
    except UnicodeDecodeError:
        return None, b""
