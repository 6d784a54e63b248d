"""Tells each room, once a second at the most, how far its line is. Who is told what alone is telling.py's."""

import asyncio
from typing import Final

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError
from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.adapters.redis.news import RoomNews
from tiketi_platform.adapters.socketio.server import SocketServer
from tiketi_platform.framework.telemetry import log
from tiketi_platform.services.queue.audience import Audience, Audiences
from tiketi_platform.services.queue.connections import frame
from tiketi_platform.services.queue.lines import to_line
from tiketi_sdk.contract import realtime as wire

LINE_EVERY_S_MAX: Final = 10.0
"""A line that does not change is broadcast all the same after this."""


class Broadcasts:
    """The lines of one process's rooms."""

    def __init__(
        self,
        audiences: Audiences,
        *,
        waiting_room: WaitingRoom,
        server: SocketServer,
        news: RoomNews,
        clock: Clock,
    ) -> None:
        self._audiences = audiences
        self._waiting_room = waiting_room
        self._server = server
        self._news = news
        self._clock = clock
        self.count = 0
        """Broadcasts made so far."""

    async def round(self) -> None:
        """One broadcast per room that has something new; rooms that nobody follows are let go."""
        for audience in tuple(self._audiences.values()):
            if not audience.peers:
                del self._audiences[audience.event_id]
                self._news.unsubscribe(audience.event_id)
                continue
            try:
                await self._broadcast(audience)
            except DomainError as error:  # the store is away, or the event was taken off
                log.warning("no line", extra={"event_id": audience.event_id, "reason": str(error)})

    async def line(self, audience: Audience) -> wire.Line:
        """Count a room's line anew."""
        tally = await self._waiting_room.tally(audience.event_id)
        audience.grace_s = tally.policy.grace_s
        audience.line = to_line(audience.event_id, tally, at_ms=self._clock.now_ms())
        return audience.line

    async def _broadcast(self, audience: Audience) -> None:
        before = audience.line
        line = await self.line(audience)
        now_s = asyncio.get_running_loop().time()
        same = before is not None and line.model_copy(update={"at_ms": before.at_ms}) == before
        if same and now_s - audience.told_at_s < LINE_EVERY_S_MAX:
            return
        audience.told_at_s = now_s
        self.count += 1
        await self._server.broadcast(audience.peers.keys(), frame(wire.LINE, line))
