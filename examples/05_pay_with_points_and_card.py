"""Pay one reservation with points and card together, then take it back: each goes where it came from.

Needs: a sandbox platform, and a profile of an administrator.
"""

import time

from stage import concert, visitor

from tiketi_sdk import Tiketi

POINTS = 10_000

with Tiketi.from_profile() as admin:
    event = concert(admin)
    client = visitor(admin)
    client.points.charge(POINTS, pg_token="toss_token_ok")

    client.queue.wait_until_admitted(event.id, timeout_s=30)
    held = client.reservations.create(event.id, best_available=1)
    payment = client.payments.create(
        held,
        point_used=POINTS,
        card_amount=held.total_price - POINTS,
        pg_token="toss_token_ok",
    )
    print(f"{payment.payment_method}: {payment.point_used:,} points, {payment.card_amount:,} won")
    assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"
    assert client.points.balance().balance == 0

    client.reservations.cancel(held.id)
    for _ in range(100):  # the refund follows by a message
        payment = client.payments.get(payment.id)
        if payment.status == "REFUNDED":
            break
        time.sleep(0.1)
    print(f"{payment.status}: {client.points.balance().balance:,} points are back")
    assert client.points.balance().balance == POINTS
