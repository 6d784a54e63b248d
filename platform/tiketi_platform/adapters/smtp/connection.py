"""One SMTP connection, from greeting to QUIT; refuses to carry on after an answer it did not expect."""

import asyncio
import base64
import ssl
from dataclasses import dataclass
from typing import Final, NoReturn, Self

from tiketi_platform.adapters.smtp.errors import MailDeferredError, MailRefusedError
from tiketi_platform.adapters.smtp.settings import SmtpSettings

LINE_BYTES_MAX: Final = 8_192
REPLY_LINES_MAX: Final = 100
_CLIENT_NAME: Final = "tiketi"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said to one command."""

    code: int
    text: str

    def refuse(self, what: str) -> NoReturn:
        """Raise what this reply means for the mail."""
        kind = MailRefusedError if 500 <= self.code < 600 else MailDeferredError
        raise kind(f"{what}: {self.code} {self.text}", smtp_code=self.code)


class SmtpConnection:
    """A connection that is ready for mail; `open` makes one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._extensions: frozenset[str] = frozenset()
        self.sent_count = 0
        self.used_s = asyncio.get_running_loop().time()
        """The loop's time of the last use."""
        self.content_sent = False
        """Whether the mail under way may have been taken: its content went out."""

    @classmethod
    async def open(cls, settings: SmtpSettings) -> Self:
        """Connect, encrypt and log in, within the connect timeout. MailDeferredError when that fails:

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
            raise MailDeferredError(f"no SMTP server for us: {error}") from error
        except (MailDeferredError, MailRefusedError) as error:
            if connection is not None:
                connection.abort()
            raise MailDeferredError(error.detail, smtp_code=error.smtp_code) from error
        except asyncio.CancelledError:
            if connection is not None:
                connection.abort()
            raise
        return connection

    async def send(self, raw: bytes, *, sender: str, recipient: str) -> None:
        """Hand over one mail. Any exception leaves the connection unusable except a clean refusal.

        Raises MailRefusedError, MailDeferredError, OSError or EOFError.
        """
        self.content_sent = False
        utf8 = "" if (sender + recipient).isascii() else " SMTPUTF8"
        if utf8 and "SMTPUTF8" not in self._extensions:
            raise MailRefusedError(f"the server takes no mail for {recipient}: it lacks SMTPUTF8")
        body = "" if raw.isascii() or "8BITMIME" not in self._extensions else " BODY=8BITMIME"
        await self._envelope(f"MAIL FROM:<{sender}>{body}{utf8}", f"RCPT TO:<{recipient}>")
        stuffed = raw.replace(b"\r\n.", b"\r\n..")
        self.content_sent = True
        # A message may start with a dot, and need not end with a line end.
        self._writer.write(
            (b"." if stuffed.startswith(b".") else b"")
            + stuffed
            + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
        )
        await self._writer.drain()
        reply = await self._reply()
        self.content_sent = False
        if reply.code != 250:
            reply.refuse("the content")
        self.sent_count += 1
        self.used_s = asyncio.get_running_loop().time()

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

    async def _greet(self, settings: SmtpSettings) -> None:
        greeting = await self._reply()
        if greeting.code != 220:
            greeting.refuse("the greeting")
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

    async def _envelope(self, mail: str, rcpt: str) -> None:
        if "PIPELINING" not in self._extensions:
            await self._expect(mail, 250)
            await self._expect(rcpt, 250)
            await self._expect("DATA", 354)
            return
        self._writer.write(f"{mail}\r\n{rcpt}\r\nDATA\r\n".encode())
        replies = [await self._reply() for _ in range(3)]
        for reply, wanted, what in zip(replies, (250, 250, 354), (mail, rcpt, "DATA"), strict=True):
            if reply.code != wanted:
                await self._forget(data_open=replies[2].code == 354)
                reply.refuse(what)

    async def _forget(self, *, data_open: bool) -> None:
        """Leave the refused envelope behind, so that the next mail finds a clean connection."""
        if data_open:
            self.abort()
        else:
            await self._expect("RSET", 250)

    async def _expect(self, command: str, code: int) -> Reply:
        self._writer.write(f"{command}\r\n".encode())
        reply = await self._reply()
        if reply.code != code:
            reply.refuse(command.partition(" ")[0])
        return reply

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
