"""Whose fault a refusal is: the mail's or user's, which ends a delivery, or ours, which holds all of them."""

import asyncio
from typing import Any, cast

import pytest

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId
from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_platform.adapters.peers.contacts import PeerContacts
from tiketi_platform.adapters.smtp import (
    Mail,
    MailRefusedError,
    MailUnreachableError,
    SmtpMailer,
    SmtpSettings,
)
from tiketi_sdk.errors import ApiError


async def refusing(verb: str) -> asyncio.Server:
    """A mail server that refuses one verb for good, and speaks no extension."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            said = line.decode().split()[0].upper()
            writer.write(b"550 no\r\n" if said == verb else b"250 fine\r\n")
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("verb", "means"), [("MAIL", MailUnreachableError), ("RCPT", MailRefusedError)]
)
async def test_a_sender_that_is_refused_is_no_fault_of_the_mail(
    verb: str, means: type[Exception]
) -> None:
    server = await refusing(verb)
    port = server.sockets[0].getsockname()[1]
    mailer = SmtpMailer(SmtpSettings("127.0.0.1", port))
    with pytest.raises(means) as refused:
        await mailer.send(Mail("id-1", "sky@tiketi.test", "s", "text", "<p>text</p>", None))
    assert type(refused.value) is means
    await mailer.close()
    server.close()


class RefusingPeer:
    """An auth that does not know our secret."""

    async def call(self, *_: Any) -> Any:
        raise ApiError("who are you?", status=401, code="unauthenticated")


async def test_an_auth_that_refuses_us_is_nobody_elses_fault() -> None:
    contacts = PeerContacts(cast("PeerClient", RefusingPeer()))
    with pytest.raises(UnavailableError):
        await contacts.find([UserId(7)])
