"""Senseless, oversized, forged and foreign requests: a problem with code and field, and nothing is changed."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.acceptance.stage import OK, Stage, patiently
from tests.acceptance.test_openapi import OPERATIONS
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE, ENTRY_AUDIENCE, ISSUER
from tiketi_platform.runtime.registry import NAMES
from tiketi_sdk import Tiketi
from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.reservation import Reservation

TRACES = ("Traceback", 'File "', "site-packages", "asyncpg", "SELECT ", "pydantic", ".py")
"""What must never be in an answer."""
HUGE = 10**30
LONG = "가" * 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def fields(self) -> list[str]:
        return [error["field"] for error in self.body["errors"]]


@dataclass(frozen=True, slots=True)
class World:
    """Two users: `owner` has a place, a held reservation and a payment; `other` has nothing."""

    platform: Stage
    owner: Tiketi
    other: Tiketi
    event_id: int
    held: Reservation
    paid: Reservation
    payment_id: int
    ticket_id: int
    entry_token: str
    users: Mapping[str, str] = field(default_factory=dict)
    """Tokens by role."""

    def ask(
        self,
        method: str,
        service: str,
        path: str,
        body: object = None,
        *,
        role: str | None = "user",
        **headers: str,
    ) -> Answer:
        """One raw request; a body that is bytes goes as it is. `Entry_Token=` sends `Entry-Token`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            given.setdefault("Authorization", f"Bearer {self.users[role]}")
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.platform.ports[service])
        try:
            connection.request(method, path, body=content, headers=given)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(
            response.status,
            dict(response.headers),
            json.loads(text) if text and is_json else text.decode(),
        )


def assert_problem(answer: Answer, code: str, *fields: str) -> None:
    """A problem body with this code, its status, and these refused fields; no inside of ours in it."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    assert answer.body["code"] == code, answer.body
    assert answer.status == answer.body["status"] == CODES[code].status < 500
    assert answer.headers["X-Request-Id"] == answer.body["request_id"]
    assert set(fields) <= set(answer.fields), answer.body
    text = json.dumps(answer.body, ensure_ascii=False)
    assert not [trace for trace in TRACES if trace in text], text


@pytest.fixture(scope="module")
def world(platform: Stage) -> World:
    event = platform.concert()
    owner, other = platform.visitor(), platform.visitor("이서준")
    place = owner.queue.wait_until_admitted(event.id, timeout_s=10)
    assert place.entry_token is not None
    paid = owner.reservations.create(event.id, best_available=1)
    payment = owner.payments.create(paid, card_amount=paid.total_price, pg_token=OK)
    owner.reservations.wait_until_settled(paid.id)
    held = owner.reservations.create(event.id, best_available=1)
    tokens = {
        "user": owner.credentials.token,
        "other": other.credentials.token,
        "admin": platform.admin.credentials.token,
    }
    return World(
        platform=platform,
        owner=owner,
        other=other,
        event_id=event.id,
        held=held,
        paid=paid,
        payment_id=payment.id,
        ticket_id=owner.tickets.list().page().items[0].id,
        entry_token=place.entry_token,
        users={role: token for role, token in tokens.items() if token is not None},
    )


COUNTED = (
    "auth.users",
    "auth.refresh_tokens",
    "event.events",
    "reservation.event_seats",
    "reservation.seats",
    "reservation.reservations",
    "reservation.tickets",
    "payment.payments",
    "payment.points",
    "payment.point_histories",
    "payment.refunds",
    "notification.deliveries",
)


async def fingerprint(world: World) -> dict[str, Any]:
    """Every row of every table that matters, as a hash, and the waiting room."""
    found: dict[str, Any] = {}
    async with world.platform.database() as database:
        for table in COUNTED:
            found[table] = await database.fetchval(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"  # our own names
            )
    admin = world.platform.admin
    stats = admin.queue.stats(world.event_id).model_dump()
    found["room"] = {name: stats[name] for name in stats if name != "admit_rate_per_s"}
    found["policy"] = admin.queue.policy(world.event_id)
    return found


@pytest.fixture(autouse=True)
async def nothing_changes(world: World) -> AsyncIterator[None]:
    """What was there before a test is there after it, and nothing else."""
    patiently(lambda: _is_quiet(world))
    before = await fingerprint(world)
    yield
    patiently(lambda: _is_quiet(world))
    assert await fingerprint(world) == before


def _is_quiet(world: World) -> bool:
    for name in NAMES:
        backlog = world.platform.admin.audit.backlog(name)  # type: ignore[arg-type]  # one of the six
        if backlog.outbox_count or any(g.waiting_count + g.pending_count for g in backlog.groups):
            return False
    return True


PAY: dict[str, Any] = {
    "reservation_id": 1,
    "total_price": 1,
    "point_used": 0,
    "card_amount": 1,
    "pg_token": OK,
}
REGISTER = {"email": "a@b.example", "password": "12345678", "name": "김민지"}
EVENT = {
    "title": "t",
    "artist": "a",
    "venue": "v",
    "starts_at": "2030-01-03T00:00:00Z",
    "on_sale_at": "2030-01-01T00:00:00Z",
    "sale_ends_at": "2030-01-02T00:00:00Z",
}
ENTER, CHARGE = ("POST", "queue", "/api/queue/enter"), ("POST", "payment", "/api/points/charge")
PAYMENTS, SIGN_UP = ("POST", "payment", "/api/payments"), ("POST", "auth", "/api/auth/register")
RESERVE, EVENTS = ("POST", "reservation", "/api/reservations"), ("POST", "event", "/api/events")
POLICY = ("PUT", "queue", "/api/queue/1/policy")

NO_IDS: tuple[Any, ...] = ("1", 1.5, True, None, [1], {}, -1, 0)
FIELDS: list[tuple[tuple[str, str, str], Any, str]] = [
    *((ENTER, {"event_id": value}, "event_id") for value in NO_IDS),
    (ENTER, {"event_id": HUGE}, "event_id"),
    (ENTER, {"event_id": 2**63}, "event_id"),
    (ENTER, {}, "event_id"),
    (ENTER, {"event_id": 1, "extra": 1}, "extra"),
    *((CHARGE, {"amount": v, "pg_token": OK}, "amount") for v in (-1, 0, 99, 10**9, HUGE, "500")),
    (CHARGE, {"amount": 500, "pg_token": "x" * 201}, "pg_token"),
    (CHARGE, {"amount": 500, "pg_token": "a'; DROP TABLE"}, "pg_token"),
    (CHARGE, {"amount": 500, "pg_token": OK, "payment_method": "CASH"}, "payment_method"),
    (PAYMENTS, {**PAY, "point_used": -1}, "point_used"),
    (PAYMENTS, {**PAY, "card_amount": HUGE}, "card_amount"),
    (PAYMENTS, {**PAY, "total_price": 0}, "total_price"),
    (PAYMENTS, {**PAY, "user_id": 1}, "user_id"),
    (SIGN_UP, {**REGISTER, "email": "no-at-sign"}, "email"),
    (SIGN_UP, {**REGISTER, "email": f"{'x' * 250}@b.example"}, "email"),
    (SIGN_UP, {**REGISTER, "password": "short"}, "password"),
    (SIGN_UP, {**REGISTER, "password": "x" * 129}, "password"),
    (SIGN_UP, {**REGISTER, "name": LONG}, "name"),
    (SIGN_UP, {**REGISTER, "name": "a\x00b"}, "name"),
    (SIGN_UP, {**REGISTER, "phone": "call me"}, "phone"),
    (SIGN_UP, {**REGISTER, "role": "admin"}, "role"),
    (RESERVE, {"event_id": 1}, ""),
    (RESERVE, {"event_id": 1, "seat_ids": []}, "seat_ids"),
    (RESERVE, {"event_id": 1, "seat_ids": [1, 1]}, ""),
    (RESERVE, {"event_id": 1, "seat_ids": ["1"]}, "seat_ids.0"),
    (RESERVE, {"event_id": 1, "seat_ids": list(range(1, 10))}, "seat_ids"),
    (RESERVE, {"event_id": 1, "best_available": {"count": 0}}, "best_available.count"),
    (RESERVE, {"event_id": 1, "best_available": {"count": 1, "row": 1}}, "best_available.row"),
    (EVENTS, {**EVENT, "title": "x" * 201}, "title"),
    (EVENTS, {**EVENT, "description": "x" * 5_001}, "description"),
    (EVENTS, {**EVENT, "starts_at": "tomorrow"}, "starts_at"),
    (EVENTS, {**EVENT, "starts_at": "2030-01-03T00:00:00"}, "starts_at"),
    (EVENTS, {**EVENT, "sale_ends_at": "2029-01-01T00:00:00Z"}, "sale_ends_at"),
    (EVENTS, {**EVENT, "seats_per_user_max": 9}, "seats_per_user_max"),
    (POLICY, {"capacity": -1}, "capacity"),
    (POLICY, {"capacity": HUGE}, "capacity"),
    (POLICY, {"state": "ajar"}, "state"),
    (POLICY, {"event_id": 2}, "event_id"),
]


@pytest.mark.parametrize(("where", "body", "refused"), FIELDS)
def test_a_field_that_does_not_fit_is_named(
    world: World, where: tuple[str, str, str], body: Any, refused: str
):
    answer = world.ask(
        *where, body, role="admin", Idempotency_Key="bad-input", Entry_Token=world.entry_token
    )
    assert_problem(answer, "invalid_request", refused)


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/api/events?limit=0", "limit"),
        ("/api/events?limit=101", "limit"),
        ("/api/events?limit=1e1", "limit"),
        ("/api/events?limit=%2B5", "limit"),
        ("/api/events?limit=" + "9" * 400, "limit"),
        ("/api/events?status=sold", "status"),
        ("/api/events?q=" + "x" * 101, "q"),
        ("/api/events?q=%00", "q"),
        ("/api/events?cursor=' OR 1=1".replace(" ", "%20"), "cursor"),
        ("/api/events?cursor=AAAA", "cursor"),
        ("/api/events?page=2", "page"),
        ("/api/events?limit=1&limit=2", ""),
        ("/api/events/abc", "event_id"),
        ("/api/events/-1", "event_id"),
        ("/api/events/0x1", "event_id"),
        ("/api/events/9223372036854775808", "event_id"),
        ("/api/events/%D9%A1", "event_id"),
    ],
)
def test_an_address_that_does_not_fit_is_named(world: World, path: str, refused: str):
    assert_problem(world.ask("GET", "event", path, role=None), "invalid_request", refused)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe\x00",
        b"[1]",
        b"null",
        b'"text"',
        b"{'event_id': 1}",
        b'{"event_id": 1} {}',
        b'{"event_id": NaN}',
        b'{"event_id": 1e999}',
        b"[" * 5_000,
        b'{"event_id": ' + b"[" * 3_000 + b"]" * 3_000 + b"}",
        b'{"event_id":' + b"1" * 5_000 + b"}",
        b'{"event_id":"\\ud800"}',
        b'{"\\ud800": 1}',
    ],
    ids=lambda body: body[:16],
)
@pytest.mark.parametrize("where", [ENTER, POLICY], ids=["body", "path-and-body"])
def test_a_body_that_is_not_json_of_the_right_kind(
    world: World, where: tuple[str, str, str], body: bytes
):
    assert_problem(world.ask(*where, body, role="admin"), "invalid_request")


def test_other_shapes_of_request(world: World):
    big = b'{"event_id": 1, "x": "' + b"x" * (64 * 1024) + b'"}'
    assert_problem(world.ask(*ENTER, big), "body_too_large")
    assert_problem(world.ask(*SIGN_UP, b"x" * 3_000_000, role=None), "body_too_large")
    plain = world.ask(*ENTER, b"event_id=1", Content_Type="application/x-www-form-urlencoded")
    assert_problem(plain, "unsupported_media_type")
    assert_problem(world.ask("DELETE", "queue", "/api/queue/enter"), "method_not_allowed")
    assert_problem(world.ask("GET", "queue", "/api/nothing/here"), "not_found")
    assert_problem(world.ask("GET", "queue", "/api/../../etc/passwd"), "not_found")
    assert_problem(world.ask(*CHARGE, {"amount": 500, "pg_token": OK}), "idempotency_key_required")
    long_key = world.ask(*CHARGE, {"amount": 500, "pg_token": OK}, Idempotency_Key="k" * 201)
    assert_problem(long_key, "invalid_request", "Idempotency-Key")
    # Cut off below the application, so without a problem body.
    endless = world.ask("GET", "queue", "/api/queue/status", Cookie="x" * 20_000)
    assert endless.status == 400
    assert not [trace for trace in TRACES if trace in endless.body]
    strange = world.ask("GET", "queue", "/api/nothing", X_Request_Id="<script>" + "x" * 500)
    assert "<" not in strange.body["request_id"]


def forged(world: World) -> Iterator[tuple[str, str, str]]:
    """Name, token and the code it must be refused with."""
    now_s = int(time.time())
    pem = world.platform.folder.signing_key("auth").read_bytes()
    real = load_pem_private_key(pem, None)
    assert isinstance(real, Ed25519PrivateKey)
    kid = jwt.get_unverified_header(world.users["user"])["kid"]
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
            {"sub": str(user), "event_id": event, "number": 1},
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
        path = operation.path
        for name in ("event_id", "reservation_id", "payment_id", "ticket_id"):
            path = path.replace(f"{{{name}}}", "1")
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
        {"sub": str(world.other.auth.me().id), "event_id": world.event_id, "number": 1},
        audience=ENTRY_AUDIENCE,
        issued_at_s=now_s,
        expires_at_s=now_s + 60,
    )
    price = world.held.total_price
    pay = {**PAY, "reservation_id": world.held.id, "total_price": price, "card_amount": price}
    answer = world.ask(*PAYMENTS, pay, role="other", Entry_Token=token, Idempotency_Key="theirs")
    assert_problem(answer, "reservation_not_found")


def test_an_unknown_event(world: World):
    unknown = 987_654_321
    assert_problem(world.ask(*ENTER, {"event_id": unknown}), "event_not_found")
    assert_problem(
        world.ask("GET", "event", f"/api/events/{unknown}", role=None), "event_not_found"
    )
    seats = world.ask("GET", "reservation", f"/api/seats?event_id={unknown}", role=None)
    assert_problem(seats, "event_not_found")
    generate = {"event_id": unknown, "layout": "small_theater"}
    made = world.ask("POST", "reservation", "/api/seats/generate", generate, role="admin")
    assert_problem(made, "event_not_found")
    policy = world.ask(
        "PUT", "queue", f"/api/queue/{unknown}/policy", {"capacity": 1}, role="admin"
    )
    assert_problem(policy, "event_not_found")
    for path in ("stats", "policy", "log"):
        assert_problem(
            world.ask("GET", "queue", f"/api/queue/{unknown}/{path}", role="admin"),
            "event_not_found",
        )
    layout = {"event_id": world.event_id, "layout": "moon"}
    nowhere = world.ask("POST", "reservation", "/api/seats/generate", layout, role="admin")
    assert_problem(nowhere, "layout_not_found")
