"""What the SDK encodes is what the platform decodes, for each operation of the contract."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from tiketi_platform.framework.decoding import Decoder
from tiketi_sdk import codec
from tiketi_sdk.contract.services import SERVICES

VALUES = {
    "email": "minji@example.com",
    "password": "correct horse",
    "name": "김민지",
    "phone": "+82-10-1234-5678",
    "refresh_token": "abc.def",
    "token": "abc.def",
    "current_password": "correct horse",
    "new_password": "배터리 스테이플",
    "device": "내 노트북",
    "profile_image": "https://images.example.com/a.png",
    "role": "admin",
    "provider": "GOOGLE",
    "disabled": True,
    "session_id": 10,
    "publish_ahead_s": 60,
    "code": "4/0abc",
    "redirect_uri": "http://127.0.0.1:9/callback",
    "code_challenge": "c" * 43,
    "code_verifier": "v" * 43,
    "link_token": "abc.def",
    "service": "queue",
    "secret": "s3cret",
    "user_ids": (1, 2),
    "prefix": "crowd",
    "first_number": 7,
    "count": 3,
    "title": "가을밤 콘서트",
    "artist": "새벽밴드",
    "venue": "작은극장",
    "description": "두 줄\n설명",
    "starts_at": datetime(2026, 6, 1, tzinfo=UTC),
    "on_sale_at": datetime(2026, 5, 1, tzinfo=UTC),
    "opens_at": datetime(2026, 5, 1, tzinfo=UTC),
    "first": 1,
    "sale_ends_at": datetime(2026, 5, 31, tzinfo=UTC),
    "seats_per_user_max": 2,
    "q": "아이유 & 친구",
    "starts_from": datetime(2026, 6, 1, tzinfo=UTC),
    "starts_before": datetime(2026, 7, 1, tzinfo=UTC),
    "price_min": 0,
    "price_max": 99_000,
    "page": 3,
    "image_url": "/api/images/a.jpg",
    "news_id": 4,
    "is_pinned": True,
    "cursor": "a:1=",
    "limit": 5,
    "event_id": 42,
    "capacity": 0,
    "admit_per_second": 10,
    "session_ttl_s": 60,
    "waiting_max": 9,
    "state": "paused",
    "grace_s": 30,
    "layout": "small_theater",
    "seat_ids": (3, 4),
    "reservation_id": 5,
    "ticket_id": 6,
    "qr": "signed.code",
    "amount": 1_000,
    "payment_method": "CARD",
    "pg_token": "toss_token_ok",
    "total_price": 3_000,
    "point_used": 1_000,
    "card_amount": 2_000,
    "payment_id": 8,
    "reason": "공연 취소",
    "user_id": 9,
    "subject": "안내",
    "body": "내용",
    "channel": "sms",
    "category": "marketing",
    "language": "en",
    "push": False,
    "sms": True,
    "marketing_email": True,
    "marketing_push": False,
    "marketing_sms": True,
    "turn_email": True,
    "platform": "ios",
    "ids": ("delivery:12", "message:payment:1763-0"),
    "reference": "crowd:1",
    "eventType": "PAYMENT_STATUS_CHANGED",
    "createdAt": "2026-05-01T00:00:00",
    "data": {"paymentKey": "k", "orderId": "order-1", "status": "DONE"},
}
STATUS = {"events.list": "on_sale", "reservations.list": "CONFIRMED", "notifications.list": "SENT"}
EXCLUSIVE = {"best_available"}  # or seat_ids

SPECIAL = {
    # OAuth and the waiting room both have a state, people and images both a name.
    ("auth.google", "state"): "abc.def",
    ("notifications.preview", "name"): "reservation.confirmed",
    ("images.get", "name"): f"{'0a' * 32}.webp",
}

OPERATIONS = {
    each.name: each
    for service in SERVICES.values()
    for each in service.operations
    if not each.upload  # a form: tests/integration/event/test_images.py
}


def _value(operation, name):
    if name == "status":
        return STATUS[operation.name]
    return SPECIAL.get((operation.name, name)) or VALUES[name]


def _fields(operation, *, full):
    return {
        name: _value(operation, name)
        for name, info in operation.request.model_fields.items()
        if name not in EXCLUSIVE and (full or info.is_required() or name == "seat_ids")
    }


@pytest.mark.parametrize("full", [True, False], ids=["all-fields", "required-fields"])
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_the_platform_reads_what_the_sdk_writes(operation, full):
    request = codec.build(operation, _fields(operation, full=full))
    prepared = codec.encode(operation, request)
    target = urlsplit(prepared.target)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)
    matched = re.fullmatch(pattern, target.path)
    assert matched is not None
    query = dict(parse_qsl(target.query, strict_parsing=bool(target.query)))
    decoded = Decoder(operation).decode(matched.groupdict(), query, prepared.body or b"")
    assert decoded == request
