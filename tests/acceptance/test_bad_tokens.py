"""Forged, foreign, expired and missing tokens, and what is somebody else's: refused, and nothing is changed."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.acceptance.test_openapi import OPERATIONS
from tests.acceptance.world import PAY, PAYMENTS, RESERVE, World, assert_problem
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE, ENTRY_AUDIENCE, ISSUER

pytestmark = pytest.mark.usefixtures("nothing_changes")


def forged(world: World) -> Iterator[tuple[str, str, str]]:
    """Name, token and the code it must be refused with."""
    now_s = int(time.time())
    pem = world.platform.folder.signing_key("auth").read_bytes()
    real = load_pem_private_key(pem, None)
    assert isinstance(real, Ed25519PrivateKey)
    kid = Signer(real).jwk.kid
    claims = {
        "iss": ISSUER,
        "aud": ACCESS_AUDIENCE,
        "sub": "1",
        "role": "admin",
        "iat": now_s,
        "exp": now_s + 600,
    }
    public = real.public_key().public_bytes_raw()

    def signed(key: Any = real, algorithm: str = "EdDSA", key_id: Any = kid, **changes: Any) -> str:
        changed = {
            name: value for name, value in {**claims, **changes}.items() if value is not None
        }
        return jwt.encode(changed, key, algorithm=algorithm, headers={"kid": key_id})

    head, payload, signature = world.users["user"].split(".")
    promoted = json.loads(base64.urlsafe_b64decode(payload + "=="))
    promoted["role"] = "admin"
    swapped = base64.urlsafe_b64encode(json.dumps(promoted).encode()).rstrip(b"=").decode()
    yield "alg none", signed(None, "none"), "token_invalid"
    yield "public key as secret", signed(public, "HS256"), "token_invalid"
    yield "another key", signed(Ed25519PrivateKey.generate()), "token_invalid"
    yield "unknown kid", signed(key_id="0" * 43), "token_invalid"
    yield "kid that is a path", signed(key_id="../../auth"), "token_invalid"
    yield "claims changed", f"{head}.{swapped}.{signature}", "token_invalid"
    yield "signature cut off", f"{head}.{payload}.", "token_invalid"
    yield "entry audience", signed(aud=ENTRY_AUDIENCE), "token_invalid"
    yield "entry token", world.entry_token, "token_invalid"
    yield "another issuer", signed(iss="somebody"), "token_invalid"
    yield "no end", signed(exp=None), "token_invalid"
    yield "no subject", signed(sub=None), "token_invalid"
    yield "a subject that is no number", signed(sub="1 OR 1=1"), "token_invalid"
    yield "an unknown role", signed(role="root"), "token_invalid"
    yield "expired", signed(exp=now_s - 1), "token_expired"
    yield "not yet valid", signed(nbf=now_s + 3_600), "token_invalid"
    yield "from the future", signed(iat=now_s + 3_600), "token_invalid"
    yield "a life of a year", signed(exp=now_s + 365 * 24 * 3_600), "token_invalid"
    yield "no moment of making", signed(iat=None), "token_invalid"
    yield "a version that is no number", signed(ver="1"), "token_invalid"
    yield "a session that is no number", signed(sid=[1]), "token_invalid"
    yield "no JWT", "opaque", "token_invalid"
    yield "too long", "a." * 3_000, "token_invalid"
    yield "not ASCII", "é" * 10, "token_invalid"
    refresh = world.owner.credentials.refresh_token
    assert refresh is not None
    yield "a refresh token", refresh, "token_invalid"


def test_no_forged_token_opens_anything(world: World):
    doors = {
        "auth": "/api/auth/me",
        "event": "/api/audit/backlog",
        "queue": f"/api/queue/{world.event_id}/stats",
        "reservation": "/api/reservations",
        "payment": "/api/points/balance",
        "notification": "/api/notifications",
    }
    for name, token, code in forged(world):
        for service, path in doors.items():
            answer = world.ask("GET", service, path, role=None, Authorization=f"Bearer {token}")
            assert answer.status == 401, (name, service, answer.body)
            assert_problem(answer, code)


def test_no_entry_token_but_ones_own_lets_in(world: World):
    now_s = int(time.time())
    signer = Signer.from_file(world.platform.folder.signing_key("queue"))
    stray = Signer.from_file(world.platform.folder.signing_key("auth"))
    me, other = world.owner.auth.me().id, world.other.auth.me().id

    def entry(
        by: Signer = signer, *, user: int = me, event: int = world.event_id, ttl: int = 60
    ) -> str:
        return by.sign(
            {"sub": str(user), "event_id": event, "number": 900},
            audience=ENTRY_AUDIENCE,
            issued_at_s=now_s - 60,
            expires_at_s=now_s + ttl,
        )

    bad = {
        "of another user": entry(user=other),
        "for another event": entry(event=world.event_id + 1_000),
        "that has ended": entry(ttl=-1),
        "by another key": entry(stray),
        "an access token": world.users["user"],
        "not a token": "x",
        "not ASCII": "é",
    }
    reserve = {"event_id": world.event_id, "best_available": {"count": 1}}
    pay = {**PAY, "reservation_id": world.held.id, "total_price": world.held.total_price}
    pay["card_amount"] = world.held.total_price
    for where, body in ((RESERVE, reserve), (PAYMENTS, pay)):
        assert_problem(world.ask(*where, body, Idempotency_Key="entry"), "entry_required")
        for name, token in bad.items():
            answer = world.ask(*where, body, Idempotency_Key="entry", Entry_Token=token)
            assert answer.status == 403, (name, where, answer.body)
            assert_problem(answer, "entry_required")


def test_every_protected_address_asks_who_you_are(world: World):
    for label, operation in OPERATIONS.items():
        if operation.access == "public":
            continue
        service = label.partition(" ")[0]
        path = re.sub(r"{\w+}", "1", operation.path)
        body: object = {} if operation.has_body else None
        nobody = world.ask(operation.method, service, path, body, role=None)
        assert_problem(nobody, "unauthenticated")
        assert nobody.headers["WWW-Authenticate"] == "Bearer"
        basic = world.ask(operation.method, service, path, body, Authorization="Basic YTpi")
        assert_problem(basic, "unauthenticated")
        if operation.access != "user":
            assert_problem(world.ask(operation.method, service, path, body), "forbidden")


def test_what_is_somebody_elses_is_not_there(world: World):
    own = {
        ("GET", "reservation", f"/api/reservations/{world.held.id}"): "reservation_not_found",
        (
            "POST",
            "reservation",
            f"/api/reservations/{world.held.id}/cancel",
        ): "reservation_not_found",
        ("GET", "reservation", f"/api/tickets/{world.ticket_id}"): "ticket_not_found",
        ("GET", "payment", f"/api/payments/{world.payment_id}"): "payment_not_found",
    }
    for (method, service, path), code in own.items():
        body: object = {} if method == "POST" else None
        assert_problem(world.ask(method, service, path, body, role="other"), code)
        missing = path.replace(path.split("/")[3], "987654321")
        assert_problem(world.ask(method, service, missing, body, role="other"), code)
    me = world.owner.auth.me().id
    listed = world.ask("GET", "notification", f"/api/notifications?user_id={me}", role="other")
    assert_problem(listed, "forbidden")
    # With an entry token of one's own one still cannot pay for somebody else's seats.
    now_s = int(time.time())
    token = Signer.from_file(world.platform.folder.signing_key("queue")).sign(
        {"sub": str(world.other.auth.me().id), "event_id": world.event_id, "number": 900},
        audience=ENTRY_AUDIENCE,
        issued_at_s=now_s,
        expires_at_s=now_s + 60,
    )
    price = world.held.total_price
    pay = {**PAY, "reservation_id": world.held.id, "total_price": price, "card_amount": price}
    answer = world.ask(*PAYMENTS, pay, role="other", Entry_Token=token, Idempotency_Key="theirs")
    assert_problem(answer, "reservation_not_found")
