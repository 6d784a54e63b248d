"""Sends mails over a few kept-alive, pipelined SMTP connections; refuses to keep any mail over a restart."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Final, Self

from tiketi_platform.adapters.smtp.compose import Mail, checked_address, compose
from tiketi_platform.adapters.smtp.connection import Parcel, SmtpConnection
from tiketi_platform.adapters.smtp.errors import (
    MailDeferredError,
    MailError,
    MailUnreachableError,
)
from tiketi_platform.adapters.smtp.settings import SmtpSettings

_OFFERS_MAX: Final = 2
"""Connections a mail is offered on before it counts as deferred: a server may hang up on an idle one."""


class SmtpMailer:
    """Hands mails to one server. Share one per process; `close` (or `async with`) hangs up."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._waiting: deque[Parcel] = deque()
        self._idle: deque[SmtpConnection] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._connected_count = 0

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
        """Hand over a composed message to one recipient; as `send`.

        Cancelled while it waits, it is not sent; cancelled later, it may be.
        """
        checked_address(recipient)
        parcel = Parcel(raw, recipient, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        if len(self._workers) < self._settings.connections_max:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        await parcel.taken

    async def close(self) -> None:
        """Hang up on all connections. Whatever is under way is deferred."""
        for worker in list(self._workers):
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._give_up(MailUnreachableError("the mailer was closed"))
        while self._idle:
            await self._idle.popleft().quit()

    async def _work(self) -> None:
        """Carry what waits until nothing does."""
        while self._waiting:
            try:
                connection = await self._connection()
            except MailError as error:
                # Somebody who is connected carries the rest; where nobody is, nobody will soon.
                if self._connected_count == 0:
                    self._give_up(error)
                return
            self._connected_count += 1
            try:
                await self._carry(connection)
            finally:
                self._connected_count -= 1

    async def _carry(self, connection: SmtpConnection) -> None:
        loop, settings = asyncio.get_running_loop(), self._settings
        reason: BaseException | None = None
        try:
            async with asyncio.timeout(settings.send_timeout_s) as patience:

                def take() -> Parcel | None:
                    patience.reschedule(loop.time() + settings.send_timeout_s)
                    return self._take(connection)

                await connection.carry(take, sender=settings.sender_address)
        except (OSError, EOFError, TimeoutError, ValueError, MailError) as error:
            reason = error
        except BaseException as error:  # cancellation too: it must be tidied up after, then goes on
            reason = error
            raise
        finally:
            if reason is None:
                await self._keep(connection)
            else:
                self._broken(connection, reason)

    def _take(self, connection: SmtpConnection) -> Parcel | None:
        if connection.sent_count >= self._settings.mails_per_connection_max:
            return None
        while self._waiting:
            parcel = self._waiting.popleft()
            if not parcel.taken.done():
                parcel.offers_count += 1
                return parcel
        return None

    def _broken(self, connection: SmtpConnection, reason: BaseException) -> None:
        """What was handed over may have been taken; what was only offered was not."""
        connection.abort()
        detail = f"the connection failed: {reason!r}"
        if connection.handed_over is not None:
            connection.handed_over.settle(MailDeferredError(detail))
        offered = connection.offered
        if offered is None:
            return
        if offered.offers_count < _OFFERS_MAX:
            self._waiting.appendleft(offered)
        else:
            offered.settle(MailUnreachableError(detail))

    def _give_up(self, error: MailError) -> None:
        while self._waiting:
            self._waiting.popleft().settle(error)

    async def _connection(self) -> SmtpConnection:
        now_s = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and now_s - connection.used_s < self._settings.keep_alive_s:
                return connection
            await connection.quit()
        return await SmtpConnection.open(self._settings)

    async def _keep(self, connection: SmtpConnection) -> None:
        if connection.is_usable and connection.sent_count < self._settings.mails_per_connection_max:
            self._idle.append(connection)
        else:
            await connection.quit()
