"""Ten people at once before a door for three: each waits, goes in, and makes room for the next.

Needs: a sandbox platform (it makes the ten users), and a profile of an administrator.
"""

import asyncio

from stage import concert

from tiketi_sdk import AsyncTiketi, Tiketi
from tiketi_sdk.contract.queue import Place


async def visit(client: AsyncTiketi, name: str, event_id: int) -> None:
    """Wait to be let in, stay for a moment, leave."""

    def tell(place: Place) -> None:
        print(f"{name}: {place.state}, {place.position} of {place.waiting_count}")

    await client.queue.wait_until_admitted(event_id, timeout_s=60, on_place=tell)
    await asyncio.sleep(0.2)
    await client.queue.leave(event_id)


async def crowd(event_id: int) -> None:
    """Everybody at once, over one client's connections."""
    async with AsyncTiketi.from_profile() as admin:
        users = (await admin.auth.provision(prefix="line", count=10)).items
        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(visit(admin.as_user(user.token), user.email, event_id))
        stats = await admin.queue.stats(event_id)
        print(f"{stats.admitted_total} went in, never more than {stats.admitted_max} at once")
        assert stats.admitted_max <= 3


with Tiketi.from_profile() as admin:
    event = concert(admin, capacity=3)
asyncio.run(crowd(event.id))
