"""Announce a concert, put its seats on sale and set how its waiting room lets people in.

Needs: a platform, and a profile of an administrator (`TIKETI_PROFILE` or `TIKETI_TOKEN`).
"""

from datetime import UTC, datetime, timedelta

from tiketi_sdk import Tiketi

now = datetime.now(UTC)

with Tiketi.from_profile() as admin:
    event = admin.events.create(
        title="가을밤 콘서트",
        artist="새벽밴드",
        venue="큰극장",
        description="앙코르 공연 🎤",
        on_sale_at=now,
        sale_ends_at=now + timedelta(days=7),
        starts_at=now + timedelta(days=8),
        seats_per_user_max=2,
    )
    seats = admin.seats.generate(event.id, layout="large_theater")
    policy = admin.queue.set_policy(event.id, capacity=300, admit_per_second=100)
    print(f"event {event.id}: {event.title}, {event.status}")
    print(f"{seats.seats_count} seats, {policy.capacity} people inside at once")
    for section in admin.seats.map(event.id).sections:
        print(f"  {section.name}: {len(section.rows)} rows at {section.price:,} won")
