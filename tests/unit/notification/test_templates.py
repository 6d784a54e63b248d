"""Every message people hear about has a template that its payload fills, in Korean and in English."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tiketi_core.kernel.ids import DeliveryId, UserId
from tiketi_core.notification.errors import RefusedError
from tiketi_core.notification.model import Contact, Delivery, Language, Notice, Wishes, Words
from tiketi_core.notification.rules import TOLD
from tiketi_platform.adapters.templates import MailTemplates
from tiketi_sdk.contract.messages import MESSAGES

TEMPLATES = MailTemplates(lambda user_id, channel: f"https://t.test/u?t={user_id}.{channel}")
VALUES: dict[str, Any] = {
    "email": "sky@tiketi.test",
    "name": "김하늘<b>",
    "number": "K7Q2-M4XD",
    "reason": "by_user",
    "expires_at": datetime(2026, 11, 22, tzinfo=UTC).isoformat(),
    "seat_ids": [1, 2],
    "token": "K7Q2-M4XD",
}
READER = Contact(UserId(7), "a@b.test", "김하늘<b>")


def words(notice: Notice, language: Language = "ko") -> Words:
    return TEMPLATES.words(Delivery(DeliveryId(1), notice, 1, wishes=Wishes(language)), READER)


def notice(message_name: str, /, **payload: object) -> Notice:
    return Notice("m-1", message_name, UserId(7), "", payload, 1)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", sorted(TOLD))
def test_the_payload_fills_the_template(name: str, language: Language) -> None:
    fields = MESSAGES[name].model_fields
    assert {TOLD[name].reference or "user_id", "user_id"} <= fields.keys()
    made = notice(name, **{field: VALUES.get(field, 12_000) for field in fields})
    said = words(made, language)
    assert TEMPLATES.subject(made, language)
    for line in (said.subject, said.short):
        assert "\n" not in line
        assert 0 < len(line) < 200
    letters = "[가-힣]{2}" if language == "ko" else "[a-z]{4}"
    assert all(re.search(letters, part) for part in (said.subject, said.text, said.short))
    if language == "en":
        plain = said.text.replace("김하늘", "").replace("원", "")
        assert not re.search("[가-힣]", plain)
    assert "김하늘<b>" in said.text
    assert "김하늘&lt;b&gt;" in said.html
    assert "<b>" not in said.html
    assert f'<html lang="{language}">' in said.html
    assert "Subject:" not in said.text
    assert said.unsubscribe_url is None


def test_lines_of_names_and_values_become_a_table() -> None:
    said = words(notice("points.charged", amount=30_000, balance=50_000, payment_id=3))
    assert "잔액: 50,000원" in said.text
    assert re.search(r"<td[^>]*>잔액</td><td[^>]*>50,000원</td>", said.html)


def test_what_a_person_wrote_is_sent_as_written() -> None:
    payload = {"title": "제목 & title", "body": "첫째 줄\n\n<둘째> {{ name }}"}
    said = words(Notice("m", "manual", UserId(7), "제목 & title", payload, None))
    assert said.text.strip() == "첫째 줄\n\n<둘째> {{ name }}"
    assert "&lt;둘째&gt;" in said.html
    assert said.subject == "제목 & title"


def test_advertising_says_so_and_how_to_end_it() -> None:
    payload = {"title": "특가", "body": "오늘만"}
    made = Notice("m", "manual", UserId(7), "특가", payload, None, category="marketing")
    said = words(made)
    assert said.subject == "(광고) 특가"
    assert said.unsubscribe_url == "https://t.test/u?t=7.email"
    assert said.unsubscribe_url in said.text
    assert said.unsubscribe_url in said.html


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    ("reason", "payment_id", "says", "is_silent_of"),
    [
        ("payment_refunded", None, ("환불되었습니다", "was refunded"), ("없습니다", "Nothing")),
        ("by_user", 4, ("환불됩니다", "will be refunded"), ("없습니다", "Nothing")),
        ("event_cancelled", 4, ("환불됩니다", "will be refunded"), ("없습니다", "Nothing")),
        ("event_cancelled", None, ("없습니다", "Nothing"), ("환불", "refunded")),
        ("by_user", None, ("없습니다", "Nothing"), ("환불", "refunded")),
    ],
)
def test_a_cancellation_says_why_and_what_becomes_of_the_money(
    language: Language,
    reason: str,
    payment_id: int | None,
    says: tuple[str, str],
    is_silent_of: tuple[str, str],
) -> None:
    said = words(
        notice(
            "reservation.cancelled",
            number="K7Q2-M4XD",
            seat_ids=[1],
            total_price=1_000,
            reason=reason,
            payment_id=payment_id,
        ),
        language,
    )
    place = 0 if language == "ko" else 1
    assert says[place] in said.text
    assert is_silent_of[place] not in said.text
    for part in (said.text, said.short):
        assert (("공연", "event")[place] in part) == (reason == "event_cancelled")


def test_a_payload_that_does_not_fit_is_refused_and_names_what_is_missing() -> None:
    with pytest.raises(RefusedError, match="balance"):
        words(notice("points.charged", amount=1, payment_id=3))
    with pytest.raises(RefusedError):
        words(notice("points.charged", amount="much", balance=1, payment_id=3))
    with pytest.raises(RefusedError):
        words(notice("nothing.known"))
    with pytest.raises(RefusedError, match="amount"):
        TEMPLATES.subject(notice("points.charged", payment_id=3))
