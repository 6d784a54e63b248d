"""Two replicas over one Valkey for the state machine, and one that dies in the middle of a draw."""

from __future__ import annotations

import asyncio

from tests.engines import flush
from tiketi_core.queue.draw import DrawSecrets
from tiketi_platform.adapters.redis import RedisClient, Scripts
from tiketi_platform.adapters.redis.room_draw import RoomDraws
from tiketi_platform.adapters.redis.waiting_room import RedisRoom

BATCH_MAX = 4
ENTERS_MAX = 6
SECRETS = DrawSecrets(b"s" * 32, b"t" * 32)


class Engine:
    """Two replicas over one Valkey, and the loop they live in."""

    def __init__(self, server):
        self.server = server
        self.runner = asyncio.Runner()
        self.clients = [self.do(RedisClient.connect(server.url)) for _ in range(2)]

    def do(self, work):
        async def waited():
            return await work

        return self.runner.run(waited())

    def rooms(self, default):
        self.do(flush(self.server))
        return [
            RedisRoom(
                client,
                Scripts(client),
                default=default,
                batch_max=BATCH_MAX,
                enters_max=ENTERS_MAX,
                make_secrets=lambda: SECRETS,
            )
            for client in self.clients
        ]

    def close(self):
        for client in self.clients:
            self.do(client.close())
        self.runner.close()


class KilledError(Exception):
    pass


class Interrupted(RoomDraws):
    """A replica that is killed after writing some parts of a draw."""

    def __init__(self, calls, *, part_max, parts):
        super().__init__(calls, part_max=part_max)
        self._parts = parts

    async def _write(self, event_id, now_ms, part, start, drawn):
        if part >= self._parts:
            raise KilledError
        await super()._write(event_id, now_ms, part, start, drawn)
        if part + 1 == self._parts:
            raise KilledError
