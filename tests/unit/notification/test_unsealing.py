"""The token of a reset mail is readable in the mail, and only where auth sealed it for us."""

import pytest

from tiketi_core.kernel.ids import DeliveryId, UserId
from tiketi_core.notification.errors import RefusedError
from tiketi_core.notification.model import Contact, Delivery, Notice
from tiketi_platform.adapters.templates import MailTemplates
from tiketi_platform.adapters.tokens.reset_seal import ResetSeal, SealBrokenError
from tiketi_platform.services.notification.unsealing import RESET, UnsealingTemplates

TOKEN = "a-token-that-opens-an-account"
READER = Contact(UserId(7), "a@b.test", "김하늘")
SEAL = ResetSeal(lambda: "the secret of notification")
TEMPLATES = UnsealingTemplates(MailTemplates(), SEAL)


def delivery(token: str) -> Delivery:
    payload = {"user_id": 7, "token": token, "ttl_minutes": 30}
    return Delivery(DeliveryId(1), Notice("m-1", RESET, UserId(7), "", payload, None), 1)


def test_the_mail_names_the_token_and_nothing_before_it_does() -> None:
    sealed = SEAL.seal(TOKEN)
    assert TOKEN not in sealed
    assert SEAL.seal(TOKEN) != sealed
    assert TOKEN in TEMPLATES.words(delivery(sealed), READER).text
    assert TOKEN not in str(delivery(sealed))


@pytest.mark.parametrize(
    "sealed",
    [ResetSeal(lambda: "another secret").seal(TOKEN), TOKEN, "", "한글", SEAL.seal(TOKEN)[:-8]],
    ids=["another's", "in clear", "empty", "Korean", "cut"],
)
def test_what_was_not_sealed_for_us_is_refused(sealed: str) -> None:
    with pytest.raises(SealBrokenError):
        SEAL.open(sealed)
    with pytest.raises(RefusedError):
        TEMPLATES.words(delivery(sealed), READER)


def test_other_messages_are_left_alone() -> None:
    notice = Notice("m-2", "manual", UserId(7), "제목", {"title": "제목", "body": "token"}, None)
    assert TEMPLATES.words(Delivery(DeliveryId(2), notice, 1), READER).text.strip() == "token"
