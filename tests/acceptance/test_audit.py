"""Breaks a real sale in every way the audit looks for, behind the services' backs, and sees it found."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.acceptance.stage import OK, Stage, running
from tiketi_platform.adapters.redis import keys
from tiketi_sdk.audit import audit_event
from tiketi_sdk.audit.judge import CHECKS
from tiketi_sdk.contract.codes import Exit
from tiketi_sdk.contract.payment import Payment


@dataclass(frozen=True, slots=True)
class Sale:
    """Two confirmed reservations, the first paid with points and card; and one pending."""

    platform: Stage
    event_id: int
    user_id: int
    first: int
    second: int
    pending: int
    payment_id: int

    def findings(self) -> set[tuple[str, str]]:
        """Check and summary of each thing found."""
        report = audit_event(self.platform.admin, self.event_id, settle_s=1)
        return {(check.name, f.summary) for check in report.checks for f in check.findings}


@pytest.fixture(scope="module")
def broken() -> Iterator[Stage]:
    """A platform of these tests' own: what they break stays broken."""
    with running() as stage:
        yield stage


@pytest.fixture
def sale(broken: Stage) -> Sale:
    event = broken.concert()
    buyers = broken.visitors(3, points=50_000)
    held = []
    for client in buyers:
        client.queue.wait_until_admitted(event.id, timeout_s=60)
        held.append(client.reservations.create(event.id, best_available=2))
    paid: list[Payment] = []
    for client, points in zip(buyers[:2], (50_000, 0), strict=True):
        seats = held[len(paid)]
        card = seats.total_price - points
        paid.append(client.payments.create(seats, point_used=points, card_amount=card, pg_token=OK))
        assert client.reservations.wait_until_settled(seats.id).status == "CONFIRMED"
    return Sale(
        platform=broken,
        event_id=event.id,
        user_id=paid[0].user_id,
        first=held[0].id,
        second=held[1].id,
        pending=held[2].id,
        payment_id=paid[0].id,
    )


BY_SQL: list[tuple[str, str]] = [
    (
        "seats.sold_once",
        """UPDATE reservation.reservations SET seat_ids =
             (SELECT seat_ids FROM reservation.reservations WHERE id = {first}) WHERE id = {second}""",
    ),
    (
        "seats.sold_once",
        """UPDATE reservation.reservations SET seat_ids =
             (SELECT seat_ids FROM reservation.reservations WHERE id = {first}) WHERE id = {pending}""",
    ),
    (
        "seats.rows_agree",
        "UPDATE reservation.seats SET status = 'available', reservation_id = NULL WHERE reservation_id = {first}",
    ),
    (
        "seats.rows_agree",
        "UPDATE reservation.seats SET reservation_id = {second} WHERE reservation_id = {first}",
    ),
    (
        "seats.tickets_match",
        "DELETE FROM reservation.tickets WHERE reservation_id = {first}",
    ),
    (
        "seats.tickets_match",
        "UPDATE reservation.tickets SET reservation_id = {pending} WHERE reservation_id = {first}",
    ),
    (
        "wallets.equal_history",
        "UPDATE payment.points SET balance = balance + 1 WHERE user_id = {user_id}",
    ),
    ("wallets.equal_history", "DELETE FROM payment.points WHERE user_id = {user_id}"),
    (
        "wallets.equal_history",
        "DELETE FROM payment.point_histories WHERE user_id = {user_id} AND amount < 0",
    ),
    (
        "wallets.running_sum",
        "UPDATE payment.point_histories SET balance_after = balance_after + 1 WHERE user_id = {user_id}",
    ),
    ("sales.paid_once", "DELETE FROM payment.payments WHERE reservation_id = {first}"),
    (
        "sales.paid_once",
        "UPDATE reservation.reservations SET payment_id = 1000000 + {first} WHERE id = {first}",
    ),
    (
        "sales.paid_once",
        "UPDATE reservation.reservations SET total_price = total_price - 1 WHERE id = {first}",
    ),
    (
        "sales.no_money_without_seats",
        "UPDATE reservation.reservations SET status = 'CANCELLED' WHERE id = {first}",
    ),
    (
        "sales.no_money_without_seats",
        "UPDATE payment.payments SET status = 'PENDING', lease_until = now() + interval '1 h' WHERE id = {payment_id}",
    ),
    (
        "sales.amounts_add_up",
        """ALTER TABLE payment.payments DROP CONSTRAINT IF EXISTS payments_add_up;
           UPDATE payment.payments SET card_amount = card_amount + 1 WHERE id = {payment_id}""",
    ),
    (
        "sales.told_once",
        """DELETE FROM notification.deliveries
           WHERE message_name = 'reservation.confirmed' AND reference_id = {first}""",
    ),
    (
        "sales.told_once",
        """INSERT INTO notification.deliveries
             (message_id, message_name, user_id, subject, payload, reference_id, status, sent_at)
           SELECT 'again-' || message_id, message_name, user_id, subject, payload, reference_id, status, sent_at
           FROM notification.deliveries
           WHERE message_name = 'reservation.confirmed' AND reference_id = {first}""",
    ),
]


@pytest.mark.parametrize(
    ("check", "statement"), BY_SQL, ids=[f"{name}-{i}" for i, (name, _) in enumerate(BY_SQL)]
)
async def test_what_is_wrong_in_the_tables_is_found(sale: Sale, check: str, statement: str):
    before = sale.findings()
    async with sale.platform.database() as database:
        # Neither triggers nor foreign keys stand in the way of a superuser who means it.
        await database.execute("SET session_replication_role = replica")
        await database.execute(
            statement.format(
                first=sale.first,
                second=sale.second,
                pending=sale.pending,
                user_id=sale.user_id,
                payment_id=sale.payment_id,
            )
        )
    assert check in {name for name, _ in sale.findings() - before}


async def test_somebody_let_in_twice_and_out_of_order_is_found(sale: Sale):
    before = sale.findings()
    await _append_log(sale, sale.event_id)
    found = {name for name, _ in sale.findings() - before}
    assert {"queue.in_order", "queue.log_is_whole"} <= found


async def test_more_inside_than_allowed_is_found(sale: Sale):
    # A room for one lets one in; in the log of a room with three inside that is one too many.
    platform = sale.platform
    small = platform.concert(capacity=1)
    platform.visitors(1)[0].queue.wait_until_admitted(small.id, timeout_s=60)
    before = sale.findings()
    await _append_log(sale, small.id)
    assert "queue.within_capacity" in {name for name, _ in sale.findings() - before}


async def _append_log(sale: Sale, event_id: int) -> None:
    """Write once more into the sale's admission log what is in that of `event_id`."""
    async with Redis.from_url(sale.platform.valkey_url()) as redis:
        entries: Any = await redis.xrange(keys.room(event_id).log)
        for _, fields in entries:
            await redis.xadd(keys.room(sale.event_id).log, fields)


async def test_a_message_given_up_is_found(sale: Sale):
    before = sale.findings()
    async with Redis.from_url(sale.platform.valkey_url()) as redis:
        letters = keys.dead_letters("reservation", "notification")
        await redis.xadd(letters, {"name": "reservation.confirmed", "reason": "planted"})
        found = sale.findings() - before
        await redis.delete(letters)
    assert {name for name, _ in found} == {"messages.none_undelivered"}


async def test_the_command_says_so_in_its_exit_status(sale: Sale, tmp_path: Path):
    async with sale.platform.database() as database:
        await database.execute(
            "DELETE FROM reservation.tickets WHERE reservation_id = $1", sale.first
        )
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tiketi_cli", "audit", str(sale.event_id)],
        env={**sale.platform.environ, "TIKETI_CONFIG_DIR": os.fspath(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == Exit.FINDINGS, ended.stderr
    assert "seats.tickets_match" in ended.stdout
    assert f'"reservation_id":{sale.first}' in ended.stdout


def test_every_check_is_broken_once():
    by_hand = {
        "queue.in_order",
        "queue.log_is_whole",
        "queue.within_capacity",
        "messages.none_undelivered",
    }
    assert {name for name, _ in BY_SQL} | by_hand == {check.name for check in CHECKS}
