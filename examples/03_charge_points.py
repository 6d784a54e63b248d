"""Buy points by card and look at the wallet.

Needs: a sandbox platform (its card company takes `toss_token_…`), and a profile of an administrator.
"""

import uuid

from stage import visitor

from tiketi_sdk import Tiketi

with Tiketi.from_profile() as admin:
    client = visitor(admin)

    charge = client.points.charge(10_000, pg_token="toss_token_ok")
    print(f"charge {charge.payment_id}: {charge.status}")

    # Under a key of your own, doing it again gives the first answer again: points are bought once.
    order = f"order-{uuid.uuid4()}"
    first = client.points.charge(5_000, pg_token="toss_token_ok", idempotency_key=order)
    again = client.points.charge(5_000, pg_token="toss_token_ok", idempotency_key=order)
    assert first == again

    wallet = client.points.balance()
    print(f"{wallet.balance:,} points")
    for line in wallet.histories:
        print(f"  {line.type:7} {line.amount:+8,} → {line.balance_after:,}  {line.description}")
    assert wallet.balance == 15_000
