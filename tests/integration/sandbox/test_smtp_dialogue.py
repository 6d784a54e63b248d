"""The mailbox speaks SMTP as RFC 5321 has it, to polite, hasty and hostile clients."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tiketi_platform.sandbox.mailbox import smtp
from tiketi_platform.sandbox.mailbox.server import Mailbox, running_mailbox


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with running_mailbox(data_dir=tmp_path, smtp_port=0, http_port=0) as running:
        yield running


async def talk(mailbox: Mailbox, *writes: bytes) -> list[str]:
    """Send the pieces one by one, hang up, and return the final lines of all replies."""
    reader, writer = await asyncio.open_connection(mailbox.smtp_host, mailbox.smtp_port)
    for piece in writes:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    said = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    return [line[:3] for line in said.splitlines() if line[3:4] == " "]


WHOLE = (
    b"EHLO me\r\nMAIL FROM:<a@b.c> SIZE=10\r\nRCPT TO:<d@e.f>\r\nDATA\r\n"
    b"Subject: hi\r\n\r\n..\r\n..a\r\nb\r\n.\r\nQUIT\r\n"
)
WHOLE_CODES = ["220", "250", "250", "250", "354", "250", "221"]


async def test_a_pipelined_dialogue_is_answered_in_order(mailbox: Mailbox):
    assert await talk(mailbox, WHOLE) == WHOLE_CODES
    stored = mailbox.store.get(1)
    assert stored is not None
    assert mailbox.store.read(stored) == b"Subject: hi\r\n\r\n.\r\n.a\r\nb\r\n"


async def test_bytes_may_come_one_at_a_time(mailbox: Mailbox):
    assert await talk(mailbox, *(bytes([byte]) for byte in WHOLE)) == WHOLE_CODES
    stored = mailbox.store.get(1)
    assert stored is not None
    assert mailbox.store.read(stored) == b"Subject: hi\r\n\r\n.\r\n.a\r\nb\r\n"


async def test_only_a_dot_between_crlfs_ends_a_message(mailbox: Mailbox):
    smuggled = b"x\n.\nMAIL FROM:<z@z.z>\r\n.\nRCPT\n.\r\n\r\n.\r\n"
    codes = await talk(
        mailbox, b"HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n" + smuggled
    )
    assert codes == ["220", "250", "250", "250", "354", "250"]
    assert len(mailbox.store) == 1


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        (b"RCPT TO:<d@e.f>\r\n", ["503"]),
        (b"DATA\r\n", ["503"]),
        (b"MAIL FROM:a@b.c\r\n", ["501"]),
        (b"MAIL TO:<a@b.c>\r\n", ["501"]),
        (b"MAIL FROM:<a@b.c>\r\nMAIL FROM:<a@b.c>\r\n", ["250", "503"]),
        (b"MAIL FROM:<a@b.c>\r\nRCPT TO:<>\r\n", ["250", "501"]),
        (b"MAIL FROM:<a@b.c>\r\nRSET\r\nRCPT TO:<d@e.f>\r\n", ["250", "250", "503"]),
        (b"MAIL FROM:<a@b.c> SIZE=99999999\r\n", ["552"]),
        (b"MAIL FROM:<\xff@b.c>\r\n", ["501"]),
        (b"EXPN x\r\nNOOP\r\nVRFY x\r\nHELP\r\n", ["502", "250", "252", "214"]),
        (b"EHLO\r\n", ["501"]),
        (b"A" * 3_000, ["500"]),
        (b"A" * 3_000 + b"\r\n", ["500"]),
        (b"\r\n", ["502"]),
    ],
)
async def test_wrong_commands_are_refused_with_their_code(mailbox: Mailbox, said: bytes, codes):
    assert await talk(mailbox, said) == ["220", *codes]
    assert len(mailbox.store) == 0


async def test_too_much_of_anything_is_refused(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch):
    # Smaller limits, so that the test need not send megabytes.
    monkeypatch.setattr(smtp, "MESSAGE_BYTES_MAX", 100)
    monkeypatch.setattr(smtp, "RECIPIENTS_MAX", 2)
    start = b"MAIL FROM:<a@b.c>\r\n" + b"RCPT TO:<d@e.f>\r\n" * 3 + b"DATA\r\n"
    for content in ([b"x" * 101 + b"\r\n.\r\n"], [b"x" * 90, b"x" * 90, b"\r\n", b".\r\n"]):
        codes = await talk(mailbox, start, *content, b"NOOP\r\n")
        assert codes == ["220", "250", "250", "250", "452", "354", "552", "250"]
    assert len(mailbox.store) == 0
    assert (await talk(mailbox, b"BAD\r\n" * 60)).count("502") == smtp.ERRORS_MAX


async def test_connections_beyond_the_bound_are_told_so(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    # One instead of a thousand.
    monkeypatch.setattr(smtp, "CONNECTIONS_MAX", 1)
    reader, writer = await asyncio.open_connection(mailbox.smtp_host, mailbox.smtp_port)
    assert (await reader.readline()).startswith(b"220")
    assert await talk(mailbox) == ["421"]
    writer.close()
