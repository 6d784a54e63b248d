"""Reads the gateway's webhooks; refuses forged ones, and to take any of them for the truth.

A webhook says only that something changed: the caller asks `find` for what is so now. Real
PAYMENT_STATUS_CHANGED webhooks carry no signature (only payouts' do), so one is checked where there is one
and demanded only where the configuration says so, as the sandbox's does.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from tiketi_core.kernel.errors import DomainError

BODY_BYTES_MAX: Final = 64 * 1024
SIGNATURE_HEADER: Final = "tosspayments-webhook-signature"
SENT_AT_HEADER: Final = "tosspayments-webhook-transmission-time"
TRANSMISSION_HEADER: Final = "tosspayments-webhook-transmission-id"


class InvalidWebhookError(DomainError):
    """This webhook is not from the gateway, or not one it sends."""

    code = "forbidden"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """Some payment changed; ask the gateway for what it is now."""

    transmission_id: str
    """The same for every copy of one webhook; empty when the gateway gave none."""
    order_id: str
    payment_key: str
    status: str


def read_webhook(
    body: bytes, headers: Mapping[str, str], *, secret: str | None
) -> StatusChange | None:
    """The payment a webhook is about; None for kinds we do not use.

    With a secret, an unsigned or wrongly signed webhook raises InvalidWebhookError; without, signatures
    are not looked at. Header names must match case-insensitively, as aiohttp's do.
    """
    if len(body) > BODY_BYTES_MAX:
        raise InvalidWebhookError
    if secret is not None and not _signed(body, headers, secret):
        raise InvalidWebhookError
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidWebhookError from error
    match content:
        case {
            "eventType": "PAYMENT_STATUS_CHANGED",
            "data": {
                "orderId": str(order_id),
                "paymentKey": str(payment_key),
                "status": str(status),
            },
        }:
            transmission_id = headers.get(TRANSMISSION_HEADER, "")[:200]
            return StatusChange(transmission_id, order_id, payment_key, status)
        case {"eventType": str()}:
            return None
        case _:
            raise InvalidWebhookError


def _signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether one of the `v1:` signatures is over this body and time."""
    sent_at = headers.get(SENT_AT_HEADER, "")
    signed = body + b":" + sent_at.encode("utf-8", "replace")
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    # Two at most are ever sent (old and new secret); a longer list is an attempt to keep us busy.
    for signature in headers.get(SIGNATURE_HEADER, "")[:500].split(","):
        version, _, encoded = signature.strip().partition(":")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1" and hmac.compare_digest(given, expected):
            return True
    return False
