"""Sales: paid exactly once, paid in full, told exactly once, and no money without seats."""

from collections import defaultdict
from collections.abc import Iterator

from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.report import Finding
from tiketi_sdk.contract.notification import AuditedDelivery
from tiketi_sdk.contract.payment import AuditedPayment

_TAKEN = frozenset({"COMPLETED", "PARTIALLY_REFUNDED"})
"""Statuses of a payment whose money, or part of it, we have."""


def paid_once(evidence: Evidence) -> Iterator[Finding]:
    """Every confirmed reservation has exactly one completed payment, of its price, and names it."""
    payments = _taken(evidence)
    returned = {row.payment_id for row in evidence.payments if row.status == "REFUNDED"}
    for reservation in evidence.reservations:
        if reservation.status != "CONFIRMED":
            continue
        mine = payments.get(reservation.reservation_id, [])
        if not mine and reservation.used_ticket_count and reservation.payment_id in returned:
            # Money given back to somebody who had come in already: the seat was taken all the same.
            continue
        if len(mine) != 1:
            yield Finding(
                f"reservation {reservation.number} has {len(mine)} completed payments",
                (reservation, *mine),
            )
            continue
        if (
            mine[0].total_price != reservation.total_price
            or mine[0].payment_id != reservation.payment_id
        ):
            yield Finding(
                f"reservation {reservation.number} costs {reservation.total_price} and names payment "
                f"{reservation.payment_id}; payment {mine[0].payment_id} took {mine[0].total_price}",
                (reservation, mine[0]),
            )


def no_money_without_seats(evidence: Evidence) -> Iterator[Finding]:
    """Every payment we keep belongs to a confirmed reservation; none is still undecided."""
    status = {row.reservation_id: row.status for row in evidence.reservations}
    for payment in evidence.payments:
        of = status.get(payment.reservation_id or 0, "missing")
        if payment.status in _TAKEN and of != "CONFIRMED":
            yield Finding(
                f"payment {payment.payment_id} is {payment.status}, its reservation {payment.reservation_id} is {of}",
                (payment,),
            )
        elif payment.status == "PENDING":
            yield Finding(f"payment {payment.payment_id} is still undecided", (payment,))


def amounts_add_up(evidence: Evidence) -> Iterator[Finding]:
    """Points and card make up the price, and no part gives back more than it took."""
    for payment in evidence.payments:
        sums = payment.point_used + payment.card_amount == payment.total_price
        refunds = (
            0 <= payment.refunded_points <= payment.point_used
            and 0 <= payment.refunded_card <= payment.card_amount
        )
        if not (sums and refunds):
            yield Finding(f"the amounts of payment {payment.payment_id} do not add up", (payment,))


def told_once(evidence: Evidence) -> Iterator[Finding]:
    """Every confirmed reservation has exactly one confirmation e-mail, and it was sent."""
    mails: dict[int | None, list[AuditedDelivery]] = defaultdict(list)
    for delivery in evidence.deliveries:
        if delivery.message_name == "reservation.confirmed" and delivery.channel == "email":
            mails[delivery.reference_id].append(delivery)
    for reservation in evidence.reservations:
        if reservation.status != "CONFIRMED":
            continue
        mine = mails.get(reservation.reservation_id, [])
        sent = sum(mail.status == "SENT" for mail in mine)
        if sent != 1 or len(mine) != 1:
            yield Finding(
                f"reservation {reservation.number} has {len(mine)} confirmation e-mails, {sent} of them sent",
                (reservation, *mine),
            )


def _taken(evidence: Evidence) -> dict[int | None, list[AuditedPayment]]:
    payments: dict[int | None, list[AuditedPayment]] = defaultdict(list)
    for payment in evidence.payments:
        if payment.status in _TAKEN:
            payments[payment.reservation_id].append(payment)
    return payments
