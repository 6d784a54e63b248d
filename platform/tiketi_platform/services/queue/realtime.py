"""The waiting rooms over Socket.IO: who may connect, and which rooms a client follows.

Nothing is decided here and nothing lives here that another process could not take over: places are in
Redis, and a client that comes to another replica joins again. What everybody is told is in broadcasts.py, what
one user is told in telling.py, whose connection ends when in connections.py.
"""

from collections.abc import Sequence
from typing import Final

import orjson
from pydantic import ValidationError

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError, InvalidRequestError
from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.errors import QueueUnavailableError
from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.adapters.redis.address import Address
from tiketi_platform.adapters.redis.news import RoomNews
from tiketi_platform.adapters.redis.pulse import RoomPulse
from tiketi_platform.adapters.socketio.limits import Limits
from tiketi_platform.adapters.socketio.server import Peer, Refused, SocketServer
from tiketi_platform.framework.access import TokenVerifier, UnauthenticatedError
from tiketi_platform.framework.spec import RawRoute
from tiketi_platform.services.queue.audience import Audience, Audiences, Member
from tiketi_platform.services.queue.broadcasts import Broadcasts
from tiketi_platform.services.queue.connections import Connections, TooFastError
from tiketi_platform.services.queue.lines import to_problem
from tiketi_platform.services.queue.telling import Telling, joined
from tiketi_sdk.contract import realtime as wire

TICK_S: Final = 1.0
"""A line is broadcast once in this time at the most."""
ROOMS_MAX: Final = 1_000
"""Rooms one process follows."""
ROOMS_PER_SOCKET_MAX: Final = 8
REQUESTS_PER_S_MAX: Final = 20
"""Requests one socket may make in one second."""


class Realtime:
    """The namespace `/queue` of one process."""

    def __init__(
        self,
        *,
        waiting_room: WaitingRoom,
        pulse: RoomPulse,
        redis: Address,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self.server = SocketServer(wire.NAMESPACE, self, limits=limits)
        self._waiting_room = waiting_room
        self._clock = clock
        self._audiences: Audiences = {}
        self._telling = Telling(self._audiences, waiting_room=waiting_room, pulse=pulse)
        self._news = RoomNews(redis, self._telling)
        self._broadcasts = Broadcasts(
            self._audiences,
            waiting_room=waiting_room,
            server=self.server,
            news=self._news,
            clock=clock,
        )
        self._connections = Connections(clock)
        self._verifier: TokenVerifier | None = None

    def routes(self, verifier: TokenVerifier) -> Sequence[RawRoute]:
        """Where the sockets come in; `verifier` says who they are."""
        self._verifier = verifier
        path = f"{wire.SOCKET_PATH}/"
        return (RawRoute(path=path, answer=self.server.answer, close=self.server.stop),)

    @property
    def rooms_count(self) -> int:
        """Rooms this process follows."""
        return len(self._audiences)

    @property
    def joined_count(self) -> int:
        """Sockets that follow a room, once for each room."""
        return sum(len(audience.peers) for audience in self._audiences.values())

    @property
    def broadcasts_count(self) -> int:
        """Broadcasts made so far."""
        return self._broadcasts.count

    async def start(self) -> None:
        """Before the first connection."""
        self.server.start()
        self._news.start()

    async def stop(self) -> None:
        """After the last one."""
        await self._news.stop()
        await self._telling.stop()

    async def broadcast(self) -> None:
        """Tell each room how far its line is, and end connections whose tokens are over."""
        await self._connections.end_expired()
        if self._verifier is not None:
            await self._connections.end_revoked(self._verifier)
        await self._broadcasts.round()

    async def look(self) -> None:
        """Take each socket as its user's sign of life, and find out what the news did not tell."""
        await self._telling.look()

    # --- clients ----------------------------------------------------------------------------

    async def connected(self, peer: Peer, handshake: object) -> None:
        """Let in whoever has a good access token, and not too many connections already."""
        assert self._verifier is not None, "routes() comes before the first connection"
        try:
            token = wire.Handshake.model_validate(handshake).token
            principal = await self._verifier.access(token)
            self._connections.add(peer, Member(principal.user_id, principal))
        except ValidationError:
            raise _refused(UnauthenticatedError("send {token} in the handshake")) from None
        except DomainError as error:
            raise _refused(error) from None

    def disconnected(self, peer: Peer) -> None:
        """Forget a client; its place stays, and its silence begins."""
        self._connections.remove(peer)
        member: Member = peer.state
        for event_id in tuple(member.rooms):
            self._leave_room(peer, event_id)

    async def received(self, peer: Peer, event: str, body: object) -> object:
        """Answer one request."""
        try:
            self._count(peer.state)
            ack = wire.Ack(joined=await self._answer(peer, event, body))
        except DomainError as error:
            ack = wire.Ack(problem=to_problem(error))
        except ValidationError:
            mistake = InvalidRequestError("send {event_id} as a whole number above 0")
            ack = wire.Ack(problem=to_problem(mistake))
        return orjson.Fragment(ack.__pydantic_serializer__.to_json(ack, exclude_none=True))

    async def _answer(self, peer: Peer, event: str, body: object) -> wire.Joined | None:
        if event not in {wire.JOIN, wire.WATCH, wire.LEAVE_ROOM}:
            raise InvalidRequestError(f"ask {wire.JOIN}, {wire.WATCH} or {wire.LEAVE_ROOM}")
        event_id = EventId(wire.RoomOf.model_validate(body).event_id)
        if event == wire.LEAVE_ROOM:
            self._leave_room(peer, event_id)
            return None
        await self._check(peer, event_id)
        try:
            return await self._join(peer, event_id, own=event == wire.JOIN)
        except BaseException:  # cancellation too: it must be tidied up after, then goes on
            self._leave_room(peer, event_id)
            raise

    async def _check(self, peer: Peer, event_id: EventId) -> None:
        """Refuse what should not so much as be remembered: one room too many, or of no event."""
        member: Member = peer.state
        if event_id not in member.rooms and len(member.rooms) >= ROOMS_PER_SOCKET_MAX:
            raise TooFastError(f"one connection follows {ROOMS_PER_SOCKET_MAX} rooms at the most")
        if event_id not in self._audiences:
            await self._waiting_room.check(event_id)
            if not peer.open:  # it left meanwhile, and nobody would take it out of the room again
                raise QueueUnavailableError("the connection is closed")

    async def _join(self, peer: Peer, event_id: EventId, *, own: bool) -> wire.Joined:
        member: Member = peer.state
        audience = self._audience(event_id)
        # First listen, then look: whatever happens from now on is either announced or seen.
        audience.add(peer, member.user_id if own else None)
        member.rooms.add(event_id)
        await self._news.subscribe(event_id)
        line = audience.line or await self._broadcasts.line(audience)
        if not own:
            return wire.Joined(event_id=event_id, line=line)
        standing = await self._waiting_room.status(event_id, member.user_id, polls=False)
        return joined(audience, member.user_id, standing, line)

    def _audience(self, event_id: EventId) -> Audience:
        audience = self._audiences.get(event_id)
        if audience is None:
            if len(self._audiences) >= ROOMS_MAX:
                raise QueueUnavailableError("this process follows too many rooms", retry_after_s=5)
            audience = self._audiences[event_id] = Audience(event_id)
        return audience

    def _leave_room(self, peer: Peer, event_id: EventId) -> None:
        member: Member = peer.state
        member.rooms.discard(event_id)
        audience = self._audiences.get(event_id)
        if audience is not None:
            audience.remove(peer)

    def _count(self, member: Member) -> None:
        second = self._clock.now_ms() // 1000
        if member.asked_in_s != second:
            member.asked_in_s, member.asked_count = second, 0
        member.asked_count += 1
        if member.asked_count > REQUESTS_PER_S_MAX:
            raise TooFastError(retry_after_s=1)


def _refused(error: DomainError) -> Refused:
    problem = to_problem(error)
    return Refused(problem.detail, problem.model_dump(mode="json", exclude_none=True))
