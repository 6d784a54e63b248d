"""The scene the examples play in: a concert on sale and somebody to buy tickets. Not an example itself.

Who calls: the administrator of the profile that `tiketi_sdk` finds, that is `TIKETI_PROFILE` (or `local`),
with `TIKETI_TOKEN` and `TIKETI_URL` winning over it.
"""

import secrets
from datetime import UTC, datetime, timedelta

from tiketi_sdk import Tiketi
from tiketi_sdk.contract.event import Event


def concert(admin: Tiketi, *, capacity: int = 100) -> Event:
    """A concert that is on sale now, with 265 seats and a waiting room that lets `capacity` people in."""
    now = datetime.now(UTC)
    event = admin.events.create(
        title="가을밤 콘서트",
        artist="새벽밴드",
        venue="작은극장",
        on_sale_at=now - timedelta(minutes=1),
        sale_ends_at=now + timedelta(days=7),
        starts_at=now + timedelta(days=8),
    )
    admin.seats.generate(event.id, layout="small_theater")
    admin.queue.set_policy(event.id, capacity=capacity)
    return event


def visitor(admin: Tiketi) -> Tiketi:
    """A client for a new customer, over the administrator's connections."""
    client = admin.as_user()
    client.auth.register(
        email=f"visitor-{secrets.token_hex(6)}@example.com",
        password=secrets.token_urlsafe(12),
        name="김민지",
    )
    return client
