"""Every check of the audit sees the violation it is for, and nothing in a sound sale."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tiketi_sdk.audit import Evidence, judge
from tiketi_sdk.audit.judge import CHECKS, FINDINGS_MAX, confirmed
from tiketi_sdk.contract.backlog import Backlog, GroupBacklog
from tiketi_sdk.contract.notification import AuditedDelivery
from tiketi_sdk.contract.payment import AuditedHistory, AuditedPayment, AuditedWallet
from tiketi_sdk.contract.queue import LogEntry
from tiketi_sdk.contract.reservation import AuditedReservation, AuditedSeat

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def entry(line: int, kind: Any, user_id: int, number: int, capacity: int = 2) -> LogEntry:
    return LogEntry(
        id=str(line), kind=kind, user_id=user_id, number=number, capacity=capacity, at=NOW
    )


def sound() -> Evidence:
    """Seats 1 and 2 sold to user 7, seat 3 held by user 8, seat 4 free; user 9 gave up."""
    return Evidence(
        event_id=1,
        seats=(
            AuditedSeat(seat_id=1, status="sold", reservation_id=10),
            AuditedSeat(seat_id=2, status="sold", reservation_id=10),
            AuditedSeat(seat_id=3, status="held", reservation_id=11),
            AuditedSeat(seat_id=4, status="available", reservation_id=None),
        ),
        reservations=(
            reservation(10, 7, "CONFIRMED", (1, 2), tickets=2, payment_id=100),
            reservation(11, 8, "PENDING", (3,)),
            reservation(12, 9, "CANCELLED", (4,)),
        ),
        admissions=(
            entry(1, "entered", 7, 1),
            entry(2, "admitted", 7, 1),
            entry(3, "admitted", 8, 2),
            entry(4, "left", 7, 1),
            entry(5, "admitted", 9, 3),
            entry(6, "expired", 9, 3),
        ),
        payments=(payment(100, 10, 7, "COMPLETED"), payment(101, 12, 9, "REFUNDED", refunded=True)),
        wallets=(
            AuditedWallet(user_id=7, balance=70, held=0),
            AuditedWallet(user_id=9, balance=50, held=10),
        ),
        histories=(
            AuditedHistory(id=1, user_id=7, type="CHARGE", amount=100, balance_after=100),
            AuditedHistory(id=2, user_id=9, type="CHARGE", amount=50, balance_after=50),
            AuditedHistory(id=3, user_id=7, type="USE", amount=-30, balance_after=70),
        ),
        deliveries=(mail(1, 10),),
        backlogs=(
            Backlog(
                service="payment",
                outbox_count=0,
                groups=(
                    GroupBacklog(
                        stream="messages:payment",
                        group="reservation",
                        waiting_count=0,
                        pending_count=0,
                        dead_count=0,
                    ),
                ),
            ),
        ),
    )


def reservation(
    number: int,
    user_id: int,
    status: Any,
    seats: tuple[int, ...],
    tickets: int = 0,
    payment_id: int | None = None,
) -> AuditedReservation:
    return AuditedReservation(
        reservation_id=number,
        number=f"R{number}",
        user_id=user_id,
        status=status,
        total_price=60,
        seat_ids=seats,
        ticket_count=tickets,
        payment_id=payment_id,
        expires_at=NOW,
    )


def payment(
    payment_id: int, of: int, user_id: int, status: Any, *, refunded: bool = False
) -> AuditedPayment:
    return AuditedPayment(
        payment_id=payment_id,
        reservation_id=of,
        user_id=user_id,
        status=status,
        total_price=60,
        point_used=30,
        card_amount=30,
        refunded_points=30 if refunded else 0,
        refunded_card=30 if refunded else 0,
    )


def mail(delivery_id: int, of: int, status: Any = "SENT") -> AuditedDelivery:
    return AuditedDelivery(
        delivery_id=delivery_id,
        message_id=str(delivery_id),
        message_name="reservation.confirmed",
        user_id=7,
        reference_id=of,
        status=status,
    )


def with_part(evidence: Evidence, part: str, rows: list[Any]) -> Evidence:
    changes: dict[str, Any] = {part: tuple(rows)}
    return replace(evidence, **changes)


def swap(evidence: Evidence, part: str, index: int, **changes: Any) -> Evidence:
    rows = list(getattr(evidence, part))
    rows[index] = rows[index].model_copy(update=changes)
    return with_part(evidence, part, rows)


def add(evidence: Evidence, part: str, *rows: Any) -> Evidence:
    return with_part(evidence, part, [*getattr(evidence, part), *rows])


def without(evidence: Evidence, part: str) -> Evidence:
    return with_part(evidence, part, [])


PLANTED: list[tuple[str, Callable[[Evidence], Evidence]]] = [
    ("seats.sold_once", lambda e: add(e, "reservations", reservation(13, 5, "PENDING", (1,)))),
    ("seats.rows_agree", lambda e: swap(e, "seats", 3, status="sold", reservation_id=12)),
    ("seats.rows_agree", lambda e: swap(e, "seats", 0, status="available", reservation_id=None)),
    ("seats.rows_agree", lambda e: swap(e, "seats", 2, reservation_id=10)),
    ("seats.rows_agree", lambda e: swap(e, "reservations", 1, seat_ids=(99,))),
    ("seats.tickets_match", lambda e: swap(e, "reservations", 0, ticket_count=1)),
    ("seats.tickets_match", lambda e: swap(e, "reservations", 2, ticket_count=1)),
    ("queue.within_capacity", lambda e: swap(e, "admissions", 2, capacity=1)),
    ("queue.in_order", lambda e: swap(e, "admissions", 4, number=1)),
    ("queue.in_order", lambda e: swap(e, "admissions", 2, number=1)),
    ("queue.log_is_whole", lambda e: swap(e, "admissions", 4, user_id=8)),
    ("queue.log_is_whole", lambda e: swap(e, "admissions", 3, user_id=99)),
    ("wallets.equal_history", lambda e: swap(e, "wallets", 0, balance=71)),
    ("wallets.equal_history", lambda e: swap(e, "wallets", 0, held=71)),
    ("wallets.equal_history", lambda e: without(e, "wallets")),
    ("wallets.equal_history", lambda e: without(e, "histories")),
    ("wallets.running_sum", lambda e: swap(e, "histories", 2, balance_after=60)),
    ("wallets.running_sum", lambda e: swap(e, "histories", 2, amount=-130, balance_after=-30)),
    ("sales.paid_once", lambda e: without(e, "payments")),
    ("sales.paid_once", lambda e: add(e, "payments", payment(102, 10, 7, "COMPLETED"))),
    ("sales.paid_once", lambda e: swap(e, "payments", 0, total_price=59, point_used=29)),
    ("sales.paid_once", lambda e: swap(e, "reservations", 0, payment_id=None)),
    ("sales.no_money_without_seats", lambda e: swap(e, "payments", 1, status="COMPLETED")),
    ("sales.no_money_without_seats", lambda e: swap(e, "payments", 0, reservation_id=99)),
    ("sales.no_money_without_seats", lambda e: swap(e, "payments", 1, status="PENDING")),
    ("sales.amounts_add_up", lambda e: swap(e, "payments", 0, card_amount=31)),
    ("sales.amounts_add_up", lambda e: swap(e, "payments", 1, refunded_card=31)),
    ("sales.told_once", lambda e: without(e, "deliveries")),
    ("sales.told_once", lambda e: add(e, "deliveries", mail(2, 10))),
    ("sales.told_once", lambda e: swap(e, "deliveries", 0, status="FAILED")),
    (
        "messages.none_undelivered",
        lambda e: swap(e, "backlogs", 0, outbox_count=1),
    ),
    *(
        (
            "messages.none_undelivered",
            lambda e, column=column: swap(
                e, "backlogs", 0, groups=(e.backlogs[0].groups[0].model_copy(update={column: 1}),)
            ),
        )
        for column in ("waiting_count", "pending_count", "dead_count")
    ),
]


def test_a_sound_sale_has_no_finding() -> None:
    report = judge(sound())
    assert [finding for check in report.checks for finding in check.findings] == []
    assert (report.passed, report.seats_count, report.sold_count, report.confirmed_count) == (
        True,
        4,
        2,
        1,
    )


@pytest.mark.parametrize(
    ("name", "plant"), PLANTED, ids=[f"{i}-{name}" for i, (name, _) in enumerate(PLANTED)]
)
def test_each_violation_is_found_with_its_rows(
    name: str, plant: Callable[[Evidence], Evidence]
) -> None:
    report = judge(plant(sound()))
    failed = {check.name: check for check in report.checks if not check.passed}
    assert name in failed
    assert all(finding.rows and finding.summary for finding in failed[name].findings)
    assert not report.passed
    assert report.to_json()["findings_count"] == report.findings_count


def test_every_check_has_a_planted_violation() -> None:
    assert {name for name, _ in PLANTED} == {check.name for check in CHECKS}


def seats_of(*wrong: int, settled: bool = True) -> Evidence:
    """A sound sale but for these seats, which say that they are sold to nobody known."""
    found = sound()
    more = (AuditedSeat(seat_id=seat, status="sold", reservation_id=99) for seat in wrong)
    return replace(found, seats=(*found.seats, *more), settled=settled)


def test_only_what_two_readings_show_alike_is_a_finding():
    first, second = judge(seats_of(50, 51, settled=False)), judge(seats_of(51, 52))
    (finding,) = [f for check in confirmed(first, second).checks for f in check.findings]
    assert finding.summary.startswith("seat 51 ")
    assert not confirmed(first, second).settled
    assert confirmed(first, second).to_json()["settled"] is False
    assert confirmed(first, judge(sound())).passed


def backlog_of(outbox: int, dead: int = 0, waiting: int = 0) -> Evidence:
    group = GroupBacklog(
        stream="messages:payment",
        group="reservation",
        waiting_count=waiting,
        pending_count=0,
        dead_count=dead,
    )
    backlog = Backlog(service="payment", outbox_count=outbox, groups=(group,))
    return replace(sound(), backlogs=(backlog,), settled=not (outbox or waiting))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (backlog_of(5_000), backlog_of(4_000)),
        (backlog_of(0, dead=3), backlog_of(0, dead=4)),
        (backlog_of(0, waiting=7), backlog_of(0, waiting=6)),
    ],
    ids=["outbox", "dead", "waiting"],
)
def test_messages_left_behind_are_the_same_finding_however_many_there_are(
    before: Evidence, after: Evidence
):
    found = confirmed(judge(before), judge(after))
    assert found.findings_count == 1
    assert not found.passed


def test_what_only_one_reading_shows_of_messages_is_no_finding():
    assert confirmed(judge(backlog_of(5)), judge(backlog_of(0, waiting=5))).passed


def test_a_second_reading_that_is_whole_and_clean_is_the_report():
    assert confirmed(judge(backlog_of(5)), judge(sound())).settled


def test_many_findings_are_compared_whole_and_then_cut():
    first = judge(seats_of(*range(1_000, 1_300)), findings_max=None)
    second = judge(seats_of(*range(1_150, 1_450)), findings_max=None)
    assert confirmed(first, second).findings_count == FINDINGS_MAX


def test_money_may_go_back_to_somebody_who_came_in():
    back = {"status": "REFUNDED", "refunded_points": 30, "refunded_card": 30}
    refunded = swap(sound(), "payments", 0, **back)
    assert not judge(swap(refunded, "reservations", 0, used_ticket_count=1)).findings_count
    assert judge(refunded).findings_count
