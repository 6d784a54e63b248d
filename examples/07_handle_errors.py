"""Errors are classes by stable code: catch the one you can do something about, or a whole family.

Needs: a sandbox platform, and a profile of an administrator.
"""

from stage import concert, visitor

from tiketi_sdk import Tiketi, errors

with Tiketi.from_profile() as admin:
    event = concert(admin)
    first, second = visitor(admin), visitor(admin)

    try:
        first.reservations.create(event.id, best_available=1)
    except errors.EntryRequiredError as error:
        print(f"{error.code}: come through the waiting room")
        first.queue.wait_until_admitted(event.id, timeout_s=30)
    held = first.reservations.create(event.id, best_available=1)

    second.queue.wait_until_admitted(event.id, timeout_s=30)
    try:
        second.reservations.create(event.id, seat_ids=[held.seats[0].seat_id])
    except errors.SeatTakenError as error:
        print(f"{error.code}: {error.detail} (request {error.request_id})")

    try:
        first.payments.create(held, card_amount=held.total_price, pg_token="toss_token_declined")
    except errors.PaymentRequiredError as error:  # declined, or not enough points
        print(f"{error.code}: try another card")

    try:
        second.reservations.create(event.id, best_available=99)
    except errors.InvalidRequestError as error:  # seen before anything was sent
        print(f"{error.code}: {[field.field for field in error.errors]}")

    try:
        Tiketi("http://127.0.0.1:1").seats.layouts()
    except errors.TransportError as error:
        print(f"nobody there: {error}")
