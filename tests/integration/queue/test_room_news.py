"""What rooms announce is heard again after whatever went wrong, by one process for all its clients."""

from __future__ import annotations

import pytest

from tests.integration.queue.conftest import EVENT
from tests.waiting import eventually
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_platform.adapters.redis import keys, news
from tiketi_platform.adapters.redis.news import RoomNews


class Listener:
    """Remembers what it heard, and chokes on one word."""

    def __init__(self):
        self.heard = []
        self.restored_count = 0

    def announced(self, event_id, said):
        if said == b"rubbish":
            raise ValueError(said)
        self.heard.append((event_id, said))

    def restored(self):
        self.restored_count += 1


async def test_rubbish_does_not_end_the_news(client):
    listener = Listener()
    room_news = RoomNews(client.address, listener)
    room_news.start()
    try:
        await room_news.subscribe(EVENT)
        await eventually(lambda: listener.restored_count == 1)
        await client.execute("PUBLISH", keys.room(EVENT).news, "rubbish")
        await eventually(lambda: listener.restored_count == 2)
        await client.execute("PUBLISH", keys.room(EVENT).news, "well")
        await eventually(lambda: listener.heard == [(EVENT, b"well")])
    finally:
        await room_news.stop()


async def test_nobody_is_told_of_a_subscription_that_is_no_more(client, monkeypatch):
    # Nobody has to wait for two seconds here, and no session begins anew meanwhile.
    monkeypatch.setattr(news, "confirm_within_s", 0.2)
    monkeypatch.setattr(news, "backoff_s_min", 600)
    monkeypatch.setattr(news, "backoff_s_max", 600)
    room_news = RoomNews(client.address, Listener())
    room_news.start()
    try:
        await room_news.subscribe(EVENT)
        await client.execute("CLIENT", "KILL", "TYPE", "pubsub")
        await eventually(lambda: room_news._writer is None)
        with pytest.raises(QueueUnavailableError):
            await room_news.subscribe(EVENT)
    finally:
        await room_news.stop()
