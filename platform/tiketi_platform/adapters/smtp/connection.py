"""One SMTP connection, from greeting to QUIT; refuses to carry on after an answer it did not expect."""

import asyncio
import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from tiketi_platform.adapters.smtp.errors import (
    MailDeferredError,
    MailError,
    MailRefusedError,
    MailUnreachableError,
)
from tiketi_platform.adapters.smtp.settings import SmtpSettings

LINE_BYTES_MAX: Final = 8_192
REPLY_LINES_MAX: Final = 100
_CLIENT_NAME: Final = "tiketi"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said to one command."""

    code: int
    text: str

    def refusal(self, what: str, *, of_sender: bool = False) -> MailError:
        """What this reply means for the mail; `of_sender`: it is about us, so about every mail of ours."""
        is_final = 500 <= self.code < 600
        kind: type[MailError] = MailRefusedError if is_final else MailDeferredError
        if self.code == 421 or (is_final and of_sender):
            kind = MailUnreachableError
        return kind(f"{what}: {self.code} {self.text}", smtp_code=self.code)


@dataclass(slots=True, eq=False)
class Parcel:
    """A composed mail on its way to a server."""

    raw: bytes
    recipient: str
    taken: "asyncio.Future[None]"
    """Done when the server took the mail; holds a MailError when it did not."""
    offers_count: int = 0
    """Connections it was offered on."""

    def settle(self, error: MailError | None = None) -> None:
        """Tell whoever waits; nobody may."""
        if self.taken.done():
            return
        if error is None:
            self.taken.set_result(None)
        else:
            self.taken.set_exception(error)


Take = Callable[[], Parcel | None]
"""The next mail to carry; None when there is none."""


class SmtpConnection:
    """A connection that is ready for mail; `open` makes one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._extensions: frozenset[str] = frozenset()
        self.sent_count = 0
        self.used_s = asyncio.get_running_loop().time()
        """The loop's time of the last use."""
        self.offered: Parcel | None = None
        """Whose envelope went out and whose content did not: certainly not taken."""
        self.handed_over: Parcel | None = None
        """Whose content went out and was not answered: taken or not, nobody can say."""

    @classmethod
    async def open(cls, settings: SmtpSettings) -> Self:
        """Connect, encrypt and log in, within the connect timeout. MailUnreachableError when that fails:

        a server that does not take us says nothing about the mail.
        """
        connection: Self | None = None
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                reader, writer = await asyncio.open_connection(
                    settings.host,
                    settings.port,
                    ssl=_tls(settings) if settings.tls == "implicit" else None,
                    limit=LINE_BYTES_MAX,
                )
                connection = cls(reader, writer)
                await connection._greet(settings)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            if connection is not None:
                connection.abort()
            raise MailUnreachableError(f"no SMTP server for us: {error}") from error
        except MailError as error:
            if connection is not None:
                connection.abort()
            raise MailUnreachableError(error.detail, smtp_code=error.smtp_code) from error
        except asyncio.CancelledError:
            if connection is not None:
                connection.abort()
            raise
        return connection

    async def carry(self, take: Take, *, sender: str) -> None:
        """Hand over mail after mail until `take` has no more, and settle each.

        With PIPELINING (RFC 2920) the next envelope travels behind the content before it, so a mail
        costs one round trip. OSError, EOFError or ValueError: the connection is unusable, and
        `offered` and `handed_over` say what was under way.
        """
        parcel = self._offer(take, sender)
        while parcel is not None:
            if await self._is_welcome(parcel):
                following = self._hand_over(parcel, take, sender)
                reply = await self._reply()
                self.handed_over = None
                self.used_s = asyncio.get_running_loop().time()
                if reply.code == 250:
                    self.sent_count += 1
                    parcel.settle()
                else:
                    parcel.settle(reply.refusal("the content"))
                parcel = following or self._offer(take, sender)
            else:
                parcel = self._offer(take, sender)

    def _offer(self, take: Take, sender: str) -> Parcel | None:
        """Write the next envelope, of the first mail this server can take at all."""
        parcel, envelope = self._next(take, sender)
        self._writer.write(envelope)
        return parcel

    def _next(self, take: Take, sender: str) -> tuple[Parcel | None, bytes]:
        while (parcel := take()) is not None:
            utf8 = "" if (sender + parcel.recipient).isascii() else " SMTPUTF8"
            if utf8 and "SMTPUTF8" not in self._extensions:
                detail = f"the server takes no mail for {parcel.recipient}: it lacks SMTPUTF8"
                parcel.settle(MailRefusedError(detail))
                continue
            eight_bit = not parcel.raw.isascii() and "8BITMIME" in self._extensions
            body = " BODY=8BITMIME" if eight_bit else ""
            self.offered = parcel
            mail = f"MAIL FROM:<{sender}>{body}{utf8}\r\n".encode()
            if not self._pipelines:
                return parcel, mail
            return parcel, mail + f"RCPT TO:<{parcel.recipient}>\r\nDATA\r\n".encode()
        return None, b""

    async def _is_welcome(self, parcel: Parcel) -> bool:
        """Whether the server waits for the content; settles the mail where it does not."""
        if self._pipelines:
            mail, rcpt, data = [await self._reply() for _ in range(3)]
        else:
            mail = await self._reply()
            rcpt = await self._ask(f"RCPT TO:<{parcel.recipient}>") if mail.code == 250 else mail
            data = await self._ask("DATA") if rcpt.code == 250 else rcpt
        refused = next(
            (
                (reply, what)
                for reply, code, what in (
                    (mail, 250, "MAIL"),
                    (rcpt, 250, f"RCPT {parcel.recipient}"),
                    (data, 354, "DATA"),
                )
                if reply.code != code
            ),
            None,
        )
        if refused is None:
            return True
        reply, what = refused
        self.offered = None
        # With SMTPUTF8 in it the command speaks of this mail's addresses, too.
        of_sender = reply is mail and parcel.recipient.isascii()
        parcel.settle(reply.refusal(what, of_sender=of_sender))
        if data.code == 354:
            raise EOFError("the server waits for a mail to nobody")
        await self._expect("RSET", 250)
        return False

    def _hand_over(self, parcel: Parcel, take: Take, sender: str) -> Parcel | None:
        """Write the content, and behind it the next envelope where the server pipelines."""
        stuffed = parcel.raw.replace(b"\r\n.", b"\r\n..")
        # A message may start with a dot, and need not end with a line end.
        start = b"." if stuffed.startswith(b".") else b""
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        self.offered, self.handed_over = None, parcel
        following, envelope = self._next(take, sender) if self._pipelines else (None, b"")
        self._writer.write(start + stuffed + end + envelope)
        return following

    async def quit(self) -> None:
        """Say goodbye without waiting for an answer, and hang up."""
        if not self._writer.is_closing():
            self._writer.write(b"QUIT\r\n")
            self._writer.close()

    def abort(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()

    @property
    def is_usable(self) -> bool:
        """Whether the server has not hung up, as far as is known."""
        return not (self._writer.is_closing() or self._reader.at_eof())

    @property
    def _pipelines(self) -> bool:
        return "PIPELINING" in self._extensions

    async def _greet(self, settings: SmtpSettings) -> None:
        greeting = await self._reply()
        if greeting.code != 220:
            raise greeting.refusal("the greeting")
        await self._hello()
        if settings.tls == "starttls":
            await self._expect("STARTTLS", 220)
            # Whatever came before the handshake came from anybody: it must not be taken for the server's.
            if self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to look
                raise MailDeferredError("the server spoke between STARTTLS and the handshake")
            await self._writer.start_tls(_tls(settings), server_hostname=settings.host)
            await self._hello()
        if settings.username is not None:
            secret = f"\0{settings.username}\0{settings.password}".encode()
            await self._expect("AUTH PLAIN " + base64.b64encode(secret).decode(), 235)

    async def _hello(self) -> None:
        reply = await self._expect(f"EHLO {_CLIENT_NAME}", 250)
        self._extensions = frozenset(
            line.split()[0].upper() for line in reply.text.splitlines()[1:] if line.strip()
        )

    async def _expect(self, command: str, code: int) -> Reply:
        reply = await self._ask(command)
        if reply.code != code:
            raise reply.refusal(command.partition(" ")[0])
        return reply

    async def _ask(self, command: str) -> Reply:
        self._writer.write(f"{command}\r\n".encode())
        return await self._reply()

    async def _reply(self) -> Reply:
        texts: list[str] = []
        for _ in range(REPLY_LINES_MAX):
            line = await self._reader.readline()
            if not line.endswith(b"\n"):
                raise EOFError("the server hung up")
            if not line[:3].isdigit():
                raise EOFError("the server does not speak SMTP")
            texts.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return Reply(int(line[:3]), "\n".join(texts))
        raise EOFError("the server does not stop talking")


def _tls(settings: SmtpSettings) -> ssl.SSLContext:
    """Certificates and host names are always checked."""
    return ssl.create_default_context(cafile=settings.ca_file)
