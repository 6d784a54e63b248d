"""What bad input is thrown at: two users, an event, and a way to see that nothing of it changed."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.stage import OK, Stage, patiently
from tiketi_platform.runtime.registry import NAMES
from tiketi_sdk import Tiketi
from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.reservation import Reservation

TRACES = ("Traceback", 'File "', "site-packages", "asyncpg", "SELECT ", "pydantic", ".py")
"""What must never be in an answer."""


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


def make_world(platform: Stage) -> World:
    """Two users and what they have."""
    event = platform.concert()
    owner, other = platform.visitor(), platform.visitor("이서준")
    place = owner.queue.wait_until_admitted(event.id, timeout_s=60)
    assert place.entry_token is not None
    # Both before the payment: buying ends the session.
    held = owner.reservations.create(event.id, best_available=1)
    paid = owner.reservations.create(event.id, best_available=1)
    payment = owner.payments.create(paid, card_amount=paid.total_price, pg_token=OK)
    owner.reservations.wait_until_settled(paid.id)
    # The end of the session is part of what there is before anything bad is sent.
    patiently(lambda: platform.admin.queue.stats(event.id).admitted_count == 0)
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
    found["room"] = {
        name: stats[name] for name in stats if name not in {"admit_rate_per_s", "end_rate_per_s"}
    }
    found["policy"] = admin.queue.policy(world.event_id)
    return found


def settle(world: World) -> None:
    """Wait until no message is under way."""
    patiently(lambda: _is_quiet(world))


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
ENTER = ("POST", "queue", "/api/queue/enter")
PAYMENTS = ("POST", "payment", "/api/payments")
RESERVE = ("POST", "reservation", "/api/reservations")
