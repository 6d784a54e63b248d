"""Buy a ticket from beginning to end: through the waiting room, hold a seat, pay by card, get the ticket.

Needs: a sandbox platform, and a profile of an administrator.
"""

from stage import concert, visitor

from tiketi_sdk import Tiketi

with Tiketi.from_profile() as admin:
    event = concert(admin)
    client = visitor(admin)

    client.queue.wait_until_admitted(event.id, timeout_s=30)
    # The client has the entry token now and sends it where it is needed.
    held = client.reservations.create(event.id, best_available=2)
    print(f"{held.number}: {len(held.seats)} seats for {held.total_price:,} won")

    payment = client.payments.create(held, card_amount=held.total_price, pg_token="toss_token_ok")
    print(f"payment {payment.id}: {payment.status}")

    # The payment tells the reservation by a message; that takes a moment.
    bought = client.reservations.wait_until_settled(held.id)
    assert bought.status == "CONFIRMED"
    for ticket in client.tickets.list(reservation_id=bought.id):
        seat = ticket.seat
        print(f"ticket {ticket.id}: {seat.section}, row {seat.row}, seat {seat.number}")
