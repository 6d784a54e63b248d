"""The test tokens and what each makes the gateway do; refuses to be a card."""

from dataclasses import dataclass
from typing import Final

SLOW_MS: Final = 1_500
"""How long `toss_token_slow` takes before it is approved."""


@dataclass(frozen=True, slots=True)
class Script:
    """How the gateway behaves for one approval."""

    decline: str | None = None
    """The error code to decline with; None approves."""
    delay_ms: int = 0
    """Work before the decision, as a slow card network has it."""
    silent_before: bool = False
    """Never answers, and nothing is charged."""
    silent_after: bool = False
    """The card is charged, and the answer never comes."""
    fail_before: bool = False
    """Answers 500; nothing is charged."""
    fail_once: bool = False
    """Answers 500 the first time an order is tried, then works."""
    fail_after: bool = False
    """The card is charged, and the answer is a 500."""
    drop_after: bool = False
    """The card is charged, and the connection breaks before the answer."""
    webhook_copies: int = 1
    """How many times the webhook is delivered, 0-10."""


TOKENS: Final[dict[str, Script]] = {
    "toss_token_ok": Script(),
    "toss_token_declined": Script(decline="REJECT_CARD_COMPANY"),
    "toss_token_insufficient_funds": Script(decline="REJECT_CARD_PAYMENT"),
    "toss_token_stopped_card": Script(decline="INVALID_STOPPED_CARD"),
    "toss_token_expired_card": Script(decline="INVALID_CARD_EXPIRATION"),
    "toss_token_limit_exceeded": Script(decline="EXCEED_MAX_PAYMENT_AMOUNT"),
    "toss_token_expired_session": Script(decline="NOT_FOUND_PAYMENT_SESSION"),
    "toss_token_slow": Script(delay_ms=SLOW_MS),
    "toss_token_timeout": Script(silent_before=True),
    "toss_token_timeout_after_success": Script(silent_after=True),
    "toss_token_error_500": Script(fail_before=True),
    "toss_token_error_500_once": Script(fail_once=True),
    "toss_token_error_500_after_success": Script(fail_after=True),
    "toss_token_disconnect_after_success": Script(drop_after=True),
    "toss_token_duplicate_webhook": Script(webhook_copies=2),
    "toss_token_no_webhook": Script(webhook_copies=0),
}
"""A token is used as the `paymentKey` of a confirm, as often as one likes: it stands for any card, and each
approval gets a payment key of its own."""
