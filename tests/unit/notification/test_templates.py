"""Every message people hear about has a template that its payload fills, in Korean and in English."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import Contact, Notice
from tiketi_core.notification.rules import TOLD, retry_after_ms
from tiketi_platform.adapters.templates import MailTemplates
from tiketi_sdk.contract.messages import MESSAGES

VALUES: dict[str, Any] = {
    "number": "K7Q2-M4XD",
    "reason": "by_user",
    "expires_at": datetime(2026, 11, 22, tzinfo=UTC).isoformat(),
    "seat_ids": [1, 2],
    "token": "K7Q2-M4XD",
}


def notice(name: str, **payload: object) -> Notice:
    return Notice("m-1", name, UserId(7), "", payload, 1)


@pytest.mark.parametrize("name", sorted(TOLD))
def test_the_payload_fills_the_template(name: str) -> None:
    fields = MESSAGES[name].model_fields
    assert {TOLD[name], "user_id"} <= fields.keys()
    templates = MailTemplates()
    made = notice(name, **{field: VALUES.get(field, 12_000) for field in fields})
    subject = templates.subject(made)
    text, html = templates.bodies(made, Contact(UserId(7), "a@b.test", "김하늘<b>"))
    assert "\n" not in subject
    assert len(subject) < 200
    for words in (subject, text):
        assert re.search("[가-힣]", words)
        assert re.search("[a-z]{4}", words)
    assert "김하늘<b>" in text
    assert "김하늘&lt;b&gt;" in html
    assert "12,000원" in text or "K7Q2-M4XD" in text
    assert "Subject:" not in text


def test_what_a_person_wrote_is_sent_as_written() -> None:
    made = Notice("m", "manual", UserId(7), "제목 & title", {"body": "첫째 줄\n\n<둘째>"}, None)
    text, html = MailTemplates().bodies(made, Contact(UserId(7), "a@b.test", "이름"))
    assert text.strip() == "첫째 줄\n\n<둘째>"
    assert "&lt;둘째&gt;" in html
    assert MailTemplates().subject(made) == "제목 & title"


def test_pauses_grow_and_end() -> None:
    pauses = [retry_after_ms(count, 0.0) for count in range(1, 11)]
    assert pauses[:3] == [1_000, 2_000, 4_000]
    assert pauses[-1] is None
    assert retry_after_ms(1, 0.999) == 500
