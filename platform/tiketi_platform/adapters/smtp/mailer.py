"""Sends mails over a few kept-alive SMTP connections; refuses to hold more mail than connections."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from tiketi_platform.adapters.smtp.compose import Mail, checked_address, compose
from tiketi_platform.adapters.smtp.connection import SmtpConnection
from tiketi_platform.adapters.smtp.errors import MailDeferredError, MailError
from tiketi_platform.adapters.smtp.settings import SmtpSettings


class SmtpMailer:
    """Hands mails to one server. Share one per process; `close` (or `async with`) hangs up."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._idle: deque[SmtpConnection] = deque()
        self._free = asyncio.Semaphore(settings.connections_max)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def send(self, mail: Mail) -> None:
        """Return when the server has taken the mail.

        Raises MailDeferredError (send the same mail again later) or MailRefusedError (do not).
        """
        settings = self._settings
        raw = compose(
            mail, sender_address=settings.sender_address, sender_name=settings.sender_name
        )
        await self.deliver(raw, recipient=mail.to)

    async def deliver(self, raw: bytes, *, recipient: str) -> None:
        """Hand over a composed message to one recipient; as `send`."""
        checked_address(recipient)
        async with self._free:
            connection, reused = await self._connection()
            try:
                await self._send(connection, raw, recipient)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                # A server may hang up on an idle connection at any moment; nothing is lost before the
                # content went out, and a fresh connection tells whether it is only that.
                if not reused or connection.content_sent:
                    raise MailDeferredError(f"the connection failed: {error!r}") from error
            else:
                return
            await self._send_afresh(raw, recipient)

    async def _send_afresh(self, raw: bytes, recipient: str) -> None:
        connection = await SmtpConnection.open(self._settings)
        try:
            await self._send(connection, raw, recipient)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            raise MailDeferredError(f"the connection failed: {error!r}") from error

    async def close(self) -> None:
        """Hang up on all idle connections; those in use end with their mail."""
        while self._idle:
            await self._idle.popleft().quit()

    async def _connection(self) -> tuple[SmtpConnection, bool]:
        """A connection, and whether it was used before."""
        now_s = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and now_s - connection.used_s < self._settings.keep_alive_s:
                return connection, True
            await connection.quit()
        return await SmtpConnection.open(self._settings), False

    async def _send(self, connection: SmtpConnection, raw: bytes, recipient: str) -> None:
        try:
            async with asyncio.timeout(self._settings.send_timeout_s):
                await connection.send(
                    raw, sender=self._settings.sender_address, recipient=recipient
                )
        except MailError:
            await self._keep(connection)
            raise
        except BaseException:  # cancellation too: it must be tidied up after, then goes on
            # Cancelled or broken in the middle of a mail: the connection's state is unknown.
            connection.abort()
            raise
        await self._keep(connection)

    async def _keep(self, connection: SmtpConnection) -> None:
        if (
            connection.is_usable
            and not connection.content_sent
            and connection.sent_count < self._settings.mails_per_connection_max
        ):
            self._idle.append(connection)
        else:
            await connection.quit()
