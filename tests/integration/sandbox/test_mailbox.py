"""Mail goes in by SMTP and comes out by HTTP unchanged, in numbers, and after a restart."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import pytest

from tiketi_platform.adapters.smtp import (
    Mail,
    MailDeferredError,
    MailRefusedError,
    SmtpMailer,
    SmtpSettings,
)
from tiketi_platform.sandbox.mailbox.server import Mailbox, running_mailbox
from tiketi_platform.sandbox.mailbox.store import MailStore

SUBJECT = "[티케티] 예매가 완료되었습니다 🎫 — 2026년 11월 22일 오후 7시 서울 올림픽공원 체조경기장 A구역 12열 7번"
TEXT = "안녕하세요, 김철수 님.\n\n.점으로 시작하는 줄\n..두 점\n.\n좌석: A-12-7\n합계: 150,000원\n"
HTML = "<!doctype html><h1>예매 완료</h1><p>A-12-7 &amp; 150,000원</p><script>alert(1)</script>"


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with running_mailbox(data_dir=tmp_path, smtp_port=0, http_port=0) as running:
        yield running


@pytest.fixture
async def mailer(mailbox: Mailbox) -> AsyncIterator[SmtpMailer]:
    async with SmtpMailer(SmtpSettings(mailbox.smtp_host, mailbox.smtp_port)) as opened:
        yield opened


async def get(mailbox: Mailbox, path: str):
    async with aiohttp.ClientSession() as session, session.get(mailbox.url + path) as response:
        assert response.status == 200, path
        return await response.json()


async def test_a_korean_mail_arrives_identically(mailbox: Mailbox, mailer: SmtpMailer):
    await mailer.send(Mail("m-1", "kim@example.com", SUBJECT, TEXT, HTML))
    listing = await get(mailbox, "/api/messages?to=KIM@example.com")
    [line] = listing["messages"]
    assert (line["subject"], line["message_id"]) == (SUBJECT, "m-1@tiketi.example")
    assert line["to"] == ["kim@example.com"]
    mail = await get(mailbox, f"/api/messages/{line['id']}")
    assert (mail["subject"], mail["text"], mail["html"]) == (SUBJECT, TEXT, HTML)
    assert ["From", "tiketi <no-reply@tiketi.example>"] in mail["headers"]
    assert (await get(mailbox, "/api/messages?to=lee@example.com"))["messages"] == []


async def test_a_mail_written_by_the_standard_library_arrives_identically(mailbox: Mailbox):
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "kim@example.com, lee@example.com"
    message["Subject"], message["Message-ID"] = SUBJECT, "<std@example.com>"
    message.set_content(TEXT)
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(b"\0\r\n.\r\n" * 9, maintype="image", subtype="png", filename="표.png")
    raw = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))

    def send() -> None:
        with smtplib.SMTP(mailbox.smtp_host, mailbox.smtp_port) as client:
            assert (
                client.sendmail("a@example.com", ["kim@example.com", "lee@example.com"], raw) == {}
            )

    await asyncio.to_thread(send)
    [line] = (await get(mailbox, "/api/messages?to=lee@example.com"))["messages"]
    mail = await get(mailbox, f"/api/messages/{line['id']}")
    assert (mail["subject"], mail["text"], mail["html"]) == (SUBJECT, TEXT, HTML + "\n")
    assert mail["attachments"] == [{"name": "표.png", "type": "image/png"}]
    stored = mailbox.store.get(line["id"])
    assert stored is not None
    assert mailbox.store.read(stored) == raw


async def test_many_at_once_arrive_once_each(mailbox: Mailbox, mailer: SmtpMailer):
    mails = [Mail(f"m-{n}", f"user{n % 50}@example.com", SUBJECT, TEXT, HTML) for n in range(1_000)]
    await asyncio.gather(*(mailer.send(mail) for mail in mails))
    ids: list[str] = []
    after: int | None = 0
    while after is not None:
        page = await get(mailbox, f"/api/messages?after={after}&limit=300")
        ids += [message["message_id"] for message in page["messages"]]
        after = page["next"]
    assert sorted(ids) == sorted(f"m-{n}@tiketi.example" for n in range(1_000))
    assert len((await get(mailbox, "/api/messages?to=user7@example.com"))["messages"]) == 20


async def test_listing_goes_newest_first_and_pages_back(mailbox: Mailbox, mailer: SmtpMailer):
    for n in range(5):
        await mailer.send(Mail(f"m-{n}", "kim@example.com", str(n), "x"))
    first = await get(mailbox, "/api/messages?limit=3")
    assert [m["subject"] for m in first["messages"]] == ["4", "3", "2"]
    rest = await get(mailbox, f"/api/messages?limit=3&before={first['next']}")
    assert [m["subject"] for m in rest["messages"]] == ["1", "0"]
    assert rest["next"] is None


async def test_a_restart_keeps_mail_and_drops_a_torn_end(tmp_path: Path):
    async def send(number: int) -> None:
        async with (
            running_mailbox(data_dir=tmp_path, smtp_port=0, http_port=0) as box,
            SmtpMailer(SmtpSettings(box.smtp_host, box.smtp_port)) as mailer,
        ):
            await mailer.send(Mail(f"m-{number}", "kim@example.com", SUBJECT, TEXT))

    await send(1)
    [mail_file] = (tmp_path / "mail").glob("*.eml")
    with mail_file.open("ab") as mail:
        mail.write(b"half a mes")
    with mail_file.with_suffix(".jsonl").open("ab") as index:
        index.write(b'{"number":2,"fr')
    await send(2)
    async with running_mailbox(data_dir=tmp_path, smtp_port=0, http_port=0) as box:
        messages = (await get(box, "/api/messages?after=0"))["messages"]
        assert [m["message_id"] for m in messages] == ["m-1@tiketi.example", "m-2@tiketi.example"]
        assert (await get(box, "/api/messages/2"))["text"] == TEXT


def test_the_oldest_mail_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # Segments of ten, so that the bound is reached without writing thousands of mails.
    monkeypatch.setattr("tiketi_platform.sandbox.mailbox.store.SEGMENT_MESSAGES_MAX", 10)
    store = MailStore(tmp_path, messages_max=35)
    for n in range(100):
        store.add(b"Subject: s\r\n\r\nx\r\n", sender="a@b.c", recipients=(f"u{n % 2}@b.c",))
    assert 25 <= len(store) <= 35
    assert len(store) + store.dropped_count == 100
    assert store.before(None, limit=1)[0].number == 100
    kept = store.after(0, limit=1_000)
    by_recipient = store.after(0, limit=1_000, to="u0@b.c") + store.after(
        0, limit=1_000, to="u1@b.c"
    )
    assert sorted(by_recipient, key=lambda m: m.number) == kept
    assert store.bytes_count == sum(message.size_bytes for message in kept)
    store.close()
    again = MailStore(tmp_path, messages_max=35)
    assert [message.number for message in again.after(0, limit=1_000)] == [m.number for m in kept]
    again.close()


async def test_failures_say_whether_to_try_again(mailbox: Mailbox, mailer: SmtpMailer):
    for _ in range(2):
        with pytest.raises(MailDeferredError) as later:
            await mailer.send(Mail("m-1", "fail.temporarily@example.com", "s", "t"))
        assert later.value.smtp_code == 451
        with pytest.raises(MailRefusedError) as never:
            await mailer.send(Mail("m-2", "fail.permanently@example.com", "s", "t"))
        assert never.value.smtp_code == 550
    await mailer.send(Mail("m-3", "kim@example.com", "s", "t"))
    assert len(mailbox.store) == 1


@pytest.mark.parametrize(
    "mail",
    [
        Mail("m", "kim@example.com\r\nRCPT TO:<x@y.z>", "s", "t"),
        Mail("m", "kim", "s", "t"),
        Mail("m", "<kim@example.com>", "s", "t"),
        Mail("m", "kim@example.com", "s\r\nBcc: x@y.z", "t"),
        Mail("m>\r\nX: y", "kim@example.com", "s", "t"),
    ],
)
async def test_what_cannot_be_a_mail_is_refused_before_it_is_sent(
    mailbox: Mailbox, mailer: SmtpMailer, mail: Mail
):
    with pytest.raises(MailRefusedError):
        await mailer.send(mail)
    assert len(mailbox.store) == 0


async def test_an_address_in_korean_arrives(mailbox: Mailbox, mailer: SmtpMailer):
    await mailer.send(Mail("m-1", "철수@예시.한국", "s", "t"))
    [message] = (await get(mailbox, "/api/messages"))["messages"]
    assert message["to"] == ["철수@예시.한국"]


async def test_a_server_that_hung_up_on_an_idle_connection_costs_nothing(tmp_path: Path):
    async with running_mailbox(data_dir=tmp_path, smtp_port=0, http_port=0) as box:
        mailer = SmtpMailer(SmtpSettings(box.smtp_host, box.smtp_port))
        await mailer.send(Mail("m-1", "kim@example.com", "s", "t"))
        port = box.smtp_port
    with pytest.raises(MailDeferredError):
        await mailer.send(Mail("m-2", "kim@example.com", "s", "t"))
    async with running_mailbox(data_dir=tmp_path, smtp_port=port, http_port=0) as box:
        await mailer.send(Mail("m-2", "kim@example.com", "s", "t"))
        assert len(box.store) == 2
        await mailer.close()


async def test_the_page_and_the_mails_html_run_nothing_foreign(
    mailbox: Mailbox, mailer: SmtpMailer
):
    await mailer.send(Mail("m-1", "kim@example.com", "s", "t", HTML))
    async with aiohttp.ClientSession(mailbox.url) as session:
        async with session.get("/") as page:
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert '<iframe id="html" sandbox=""' in await page.text()
        async with session.get("/api/messages/1/html") as html:
            assert html.headers["Content-Security-Policy"].startswith("sandbox;")
            assert await html.text() == HTML
        for path in ("/api/messages/2", "/api/messages/1/html/x", "/api/messages/x"):
            async with session.get(path) as missing:
                assert missing.status == 404
        async with session.get("/api/messages?limit=-1") as bad:
            assert bad.status == 400
