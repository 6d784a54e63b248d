"""Tells one user at a time how things stand, as soon as they changed; finds by looking what the news lost.

Pub/sub only makes things quick. Each waiting user is looked at every few seconds, and all of them after a gap.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Final

import orjson

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.errors import NotInQueueError, QueueUnavailableError
from tiketi_core.queue.model import Admitted, Waiting
from tiketi_core.queue.use_cases import Standing, WaitingRoom
from tiketi_platform.adapters.redis.pulse import RoomPulse
from tiketi_platform.adapters.socketio.frames import Frame
from tiketi_platform.adapters.socketio.server import Peer
from tiketi_platform.framework.telemetry import log
from tiketi_platform.services.queue.audience import Audience, Audiences
from tiketi_platform.services.queue.connections import frame
from tiketi_platform.services.queue.translate import to_place
from tiketi_sdk.contract import realtime as wire

LOOK_EVERY_S_MAX: Final = 10
"""Each waiting user is looked at, and counts as alive, once in this time or a third of the grace."""
TOLD_AT_ONCE_MAX: Final = 100
"""Admitted users whose tokens are signed before others have their turn."""


class Telling:
    """What the users of one process's rooms are told alone."""

    def __init__(
        self, audiences: Audiences, *, waiting_room: WaitingRoom, pulse: RoomPulse
    ) -> None:
        self._audiences = audiences
        self._waiting_room = waiting_room
        self._pulse = pulse
        self._telling: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Tell nobody any more."""
        for task in tuple(self._telling):
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    def announced(self, event_id: EventId, news: bytes) -> None:
        """A room let somebody in, here or at another replica."""
        audience = self._audiences.get(event_id)
        admitted = orjson.loads(news).get("admitted", ())
        if audience is not None:
            here = [user_id for user_id in admitted if audience.peers_of(user_id)]
            if here:
                self._soon(self._tell_all(audience, here))

    def restored(self) -> None:
        """There was no news for a while: look at everybody."""
        for audience in self._audiences.values():
            audience.recheck = True

    async def look(self) -> None:
        """Take each socket as its user's sign of life, and find out what the news did not tell."""
        for audience in tuple(self._audiences.values()):
            turns_count = max(1, min(LOOK_EVERY_S_MAX, audience.grace_s // 3))
            users = audience.due(turns_count)
            if not users:
                continue
            try:
                await self._look(audience, users)
            except QueueUnavailableError:
                audience.recheck = True
            except Exception as error:  # noqa: BLE001  # logged; other rooms' users are looked at
                audience.recheck = True
                log.error("nobody seen", extra={"event_id": audience.event_id}, exc_info=error)

    async def _look(self, audience: Audience, users: Sequence[UserId]) -> None:
        standings = await self._pulse.alive(audience.event_id, users)
        known = audience.numbers
        moved = [user for user, number in standings.waiting.items() if known.get(user) != number]
        await self._tell_all(audience, [*standings.admitted, *standings.absent, *moved])

    async def _tell_all(self, audience: Audience, users: Sequence[UserId]) -> None:
        for start in range(0, len(users), TOLD_AT_ONCE_MAX):
            some = users[start : start + TOLD_AT_ONCE_MAX]
            await asyncio.gather(*(self._tell(audience, user_id) for user_id in some))

    async def _tell(self, audience: Audience, user_id: UserId) -> None:
        """Tell one user how things are, if that is not what the user knows."""
        try:
            standing = await self._waiting_room.status(audience.event_id, user_id, polls=False)
        except NotInQueueError:
            if audience.numbers.pop(user_id, None) is not None:
                gone = wire.RoomOf(event_id=audience.event_id)
                _tell(audience.peers_of(user_id), frame(wire.GONE, gone))
            return
        except QueueUnavailableError:
            audience.recheck = True
            return
        if isinstance(standing.placement, Admitted):
            audience.numbers.pop(user_id, None)
            _tell(audience.peers_of(user_id), frame(wire.ADMITTED, to_place(standing)))
        elif audience.numbers.get(user_id) != number_of(standing) and audience.line is not None:
            place = joined(audience, user_id, standing, audience.line)
            _tell(audience.peers_of(user_id), frame(wire.PLACE, place))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def joined(audience: Audience, user_id: UserId, standing: Standing, line: wire.Line) -> wire.Joined:
    """All of a user's state in a room; from now on it is what the user knows."""
    number = number_of(standing)
    if not isinstance(standing.placement, Admitted):
        audience.waits(user_id, number)
    return wire.Joined(
        event_id=audience.event_id, place=to_place(standing), number=number or None, line=line
    )


def number_of(standing: Standing) -> int:
    """In the line; 0 where there is none (yet)."""
    return standing.placement.number if isinstance(standing.placement, Waiting) else 0


def _tell(peers: Iterable[Peer], message: Frame) -> None:
    for peer in peers:
        peer.tell(message)
