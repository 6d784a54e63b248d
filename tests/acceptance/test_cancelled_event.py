"""An event is cancelled in the middle of its sale: everybody gets everything back, and is told once."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from tests.acceptance.stage import OK, Stage, patiently
from tiketi_sdk import Tiketi, errors
from tiketi_sdk.audit import audit_event
from tiketi_sdk.contract.event import Event
from tiketi_sdk.contract.payment import Payment
from tiketi_sdk.contract.reservation import Reservation

REASON = "가수의 건강 문제"
POINTS = 10_000


def buy(client: Tiketi, event: Event, *, points: int, count: int = 2) -> tuple[Reservation, int]:
    """Tickets, and the id of the payment for them; a card pays what the points do not."""
    client.queue.wait_until_admitted(event.id, timeout_s=60)
    held = client.reservations.create(event.id, best_available=count)
    rest = held.total_price - points
    paid = client.payments.create(
        held, point_used=points, card_amount=rest, pg_token=OK if rest else None
    )
    assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"
    return held, paid.id


def cancel(environ: dict[str, str], event: Event, *more: str) -> Any:
    """What `tiketi events cancel` prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "tiketi_cli", "events", "cancel", str(event.id), "--json", *more],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def refunded(client: Tiketi, payment_id: int) -> Payment | None:
    payment = client.payments.get(payment_id)
    return payment if payment.status == "REFUNDED" else None


def is_told(client: Tiketi) -> bool:
    return {"reservation.cancelled", "payment.refunded"} <= set(messages(client))


def messages(client: Tiketi) -> list[str]:
    return sorted(each.message_name for each in client.notifications.list())


def test_everybody_gets_everything_back(platform: Stage, cli_environ: dict[str, str]) -> None:
    event = platform.concert(title="취소될 콘서트", capacity=1)
    mixed, by_points, holder, waiter = platform.visitors(4, points=500_000)
    by_card = platform.visitor()
    bought = {
        client: buy(client, event, points=points)
        for client, points in ((mixed, POINTS), (by_card, 0))
    }
    price = bought[mixed][0].total_price
    bought[by_points] = buy(by_points, event, points=price)
    assert by_points.points.balance().balance == 500_000 - price
    holder.queue.wait_until_admitted(event.id, timeout_s=60)
    held = holder.reservations.create(event.id, best_available=1)
    assert waiter.queue.enter(event.id).state == "waiting"

    cancelled = cancel(cli_environ, event, "--reason", REASON, "--yes")
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", REASON)

    for client, (reservation, payment_id) in bought.items():
        seen = patiently(partial(refunded, client, payment_id))
        assert seen.refunded_points + seen.refunded_card == reservation.total_price
        assert client.reservations.get(reservation.id).status == "CANCELLED"
        assert {t.status for t in client.tickets.list(event_id=event.id)} == {"CANCELLED"}
    seen = mixed.payments.get(bought[mixed][1])
    assert (seen.refunded_points, seen.refunded_card) == (POINTS, price - POINTS)
    for client, points in ((mixed, 500_000), (by_points, 500_000), (by_card, 0)):
        wallet = client.points.balance()
        assert (wallet.balance, wallet.held) == (points, 0)
        assert sum(each.amount for each in wallet.histories) == points
    patiently(lambda: holder.reservations.get(held.id).status == "CANCELLED")
    hall = platform.client().seats.map(event.id)
    assert (hall.available_count, hall.held_count, hall.sold_count) == (265, 0, 0)

    patiently(lambda: platform.admin.queue.stats(event.id).waiting_count == 0)
    patiently(lambda: platform.admin.queue.stats(event.id).admitted_count == 0)
    with pytest.raises(errors.NotInQueueError):
        waiter.queue.status(event.id)
    for late in (waiter, holder):
        with pytest.raises(errors.NotOnSaleError):
            late.queue.enter(event.id)

    for client in bought:
        patiently(partial(is_told, client))
        told = messages(client)
        assert told.count("reservation.cancelled") == told.count("payment.refunded") == 1
    report = audit_event(platform.admin, event.id)
    assert report.passed, [f.summary for check in report.checks for f in check.findings]


def test_cancelled_twice_and_while_somebody_pays(
    platform: Stage, cli_environ: dict[str, str]
) -> None:
    event = platform.concert(title="두 번 취소")
    payer = platform.visitor()
    payer.queue.wait_until_admitted(event.id, timeout_s=60)
    held = payer.reservations.create(event.id, best_available=1)
    first = cancel(cli_environ, event, "--reason", REASON, "--yes")
    assert cancel(cli_environ, event, "--yes")["version"] == first["version"]
    # Whoever is quicker, the news or the payer: the card has nothing taken in the end.
    try:
        paid = payer.payments.create(held, card_amount=held.total_price, pg_token=OK)
    except (errors.ReservationNotPayableError, errors.EntryRequiredError):
        pass
    else:
        patiently(partial(refunded, payer, paid.id))
    patiently(lambda: payer.reservations.get(held.id).status == "CANCELLED")
    report = audit_event(platform.admin, event.id)
    assert report.passed, [f.summary for check in report.checks for f in check.findings]
