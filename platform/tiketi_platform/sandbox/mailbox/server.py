"""Runs the mailbox, its SMTP door, its pages and the push and SMS stand-ins, inside the current loop; refuses to outlive its block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tiketi_platform.sandbox.mailbox.push import FcmSandbox
from tiketi_platform.sandbox.mailbox.sms import SmsSandbox
from tiketi_platform.sandbox.mailbox.smtp import SmtpSession
from tiketi_platform.sandbox.mailbox.store import MailStore
from tiketi_platform.sandbox.mailbox.web import MailboxPages
from tiketi_platform.sandbox.ports import LOOPBACK, MAILBOX_PORT, SMTP_PORT
from tiketi_platform.sandbox.serving import BACKLOG, serving


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A running mailbox: where to hand mail in, and where to read it."""

    store: MailStore
    smtp_host: str
    smtp_port: int
    url: str
    """`http://host:port` of the pages and the API."""


@asynccontextmanager
async def running_mailbox(
    *,
    data_dir: Path,
    smtp_port: int = SMTP_PORT,
    http_port: int = MAILBOX_PORT,
    host: str = LOOPBACK,
) -> AsyncIterator[Mailbox]:
    """Receive and show mail until the block ends; port 0 takes a free one.

    Mail is kept in `data_dir/mail/`. OSError when a port is taken.
    """
    store = MailStore(data_dir / "mail")
    sessions: set[SmtpSession] = set()
    try:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SmtpSession(store, sessions), host, smtp_port, backlog=BACKLOG
        )
        try:
            app = MailboxPages(store).app()
            app.add_routes([*FcmSandbox(store).routes(), *SmsSandbox(store).routes()])
            async with serving(app, host=host, port=http_port) as url:
                yield Mailbox(store, host, server.sockets[0].getsockname()[1], url)
        finally:
            server.close()
            for session in list(sessions):
                session.shut()
            await server.wait_closed()
    finally:
        store.close()
