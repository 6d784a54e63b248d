"""The waiting rooms over Socket.IO: one broadcast a second for everybody, one message to whoever is admitted.

Nothing is decided here and nothing lives here that another process could not take over: places are in
Redis, and a client that comes to another replica joins again. Pub/sub only makes things quick. What it
loses is found by looking: at each waiting user every few seconds, at all of them after a gap.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Final

import orjson
from pydantic import ValidationError

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError, InvalidRequestError
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.errors import NotInQueueError, QueueUnavailableError
from tiketi_core.queue.model import Admitted, Waiting
from tiketi_core.queue.use_cases import Standing, WaitingRoom
from tiketi_platform.adapters.redis.address import Address
from tiketi_platform.adapters.redis.news import RoomNews
from tiketi_platform.adapters.redis.pulse import RoomPulse
from tiketi_platform.adapters.socketio.frames import Frame, event_frame
from tiketi_platform.adapters.socketio.limits import Limits
from tiketi_platform.adapters.socketio.server import Peer, Refused, SocketServer
from tiketi_platform.framework.access import (
    REVOKED,
    TokenExpiredError,
    TokenVerifier,
    UnauthenticatedError,
)
from tiketi_platform.framework.routing import encode
from tiketi_platform.framework.spec import RawRoute
from tiketi_platform.framework.telemetry import log
from tiketi_platform.services.queue.audience import Audience, Member
from tiketi_platform.services.queue.lines import to_line, to_problem
from tiketi_platform.services.queue.translate import to_place
from tiketi_sdk.contract import realtime as wire
from tiketi_sdk.contract.operation import Wire

TICK_S: Final = 1.0
"""A line is broadcast once in this time at the most."""
LINE_EVERY_S_MAX: Final = 10.0
"""A line that does not change is broadcast all the same after this."""
LOOK_EVERY_S_MAX: Final = 10
"""Each waiting user is looked at, and counts as alive, once in this time or a third of the grace."""
ROOMS_MAX: Final = 1_000
"""Rooms one process follows."""
ROOMS_PER_SOCKET_MAX: Final = 8
REQUESTS_PER_S_MAX: Final = 20
"""Requests one socket may make in one second."""
TOLD_AT_ONCE_MAX: Final = 100
"""Admitted users whose tokens are signed before others have their turn."""


class TooFastError(DomainError):
    """More requests, rooms or sockets than one client may have."""

    code = "rate_limited"


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
        self._pulse = pulse
        self._news = RoomNews(redis, self)
        self._clock = clock
        self._verifier: TokenVerifier | None = None
        self._audiences: dict[EventId, Audience] = {}
        self._expiring: dict[int, set[Peer]] = {}
        self._revocations_count = 0
        self._telling: set[asyncio.Task[None]] = set()
        self.broadcasts_count = 0

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

    async def start(self) -> None:
        """Before the first connection."""
        self.server.start()
        self._news.start()

    async def stop(self) -> None:
        """After the last one."""
        await self._news.stop()
        for task in tuple(self._telling):
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    # --- clients ----------------------------------------------------------------------------

    async def connected(self, peer: Peer, handshake: object) -> None:
        """Let in whoever has a good access token."""
        assert self._verifier is not None, "routes() comes before the first connection"
        try:
            token = wire.Handshake.model_validate(handshake).token
            principal = await self._verifier.access(token)
            member = Member(principal.user_id, principal)
        except ValidationError:
            raise _refused(UnauthenticatedError("send {token} in the handshake")) from None
        except DomainError as error:
            raise _refused(error) from None
        peer.state = member
        self._expiring.setdefault(member.ends_in_s, set()).add(peer)

    def disconnected(self, peer: Peer) -> None:
        """Forget a client; its place stays, and its silence begins."""
        member: Member = peer.state
        expiring = self._expiring.get(member.ends_in_s)
        if expiring is not None:
            expiring.discard(peer)
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
        try:
            return await self._join(peer, event_id, own=event == wire.JOIN)
        except BaseException:  # cancellation too: it must be tidied up after, then goes on
            self._leave_room(peer, event_id)
            raise

    async def _join(self, peer: Peer, event_id: EventId, *, own: bool) -> wire.Joined:
        member: Member = peer.state
        if event_id not in member.rooms and len(member.rooms) >= ROOMS_PER_SOCKET_MAX:
            raise TooFastError(f"one connection follows {ROOMS_PER_SOCKET_MAX} rooms at the most")
        audience = self._audience(event_id)
        # First listen, then look: whatever happens from now on is either announced or seen.
        audience.add(peer, member.user_id if own else None)
        member.rooms.add(event_id)
        await self._news.subscribe(event_id)
        line = audience.line or await self._count_line(audience)
        if not own:
            return wire.Joined(event_id=event_id, line=line)
        standing = await self._waiting_room.status(event_id, member.user_id, polls=False)
        return self._joined(audience, member.user_id, standing, line)

    def _joined(
        self, audience: Audience, user_id: UserId, standing: Standing, line: wire.Line
    ) -> wire.Joined:
        number = _number(standing)
        if not isinstance(standing.placement, Admitted):
            audience.waits(user_id, number)
        return wire.Joined(
            event_id=audience.event_id, place=to_place(standing), number=number or None, line=line
        )

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

    # --- everybody --------------------------------------------------------------------------

    async def broadcast(self) -> None:
        """Tell each room how far its line is, and end connections whose tokens are over."""
        await self._end_expired()
        await self._end_revoked()
        for audience in tuple(self._audiences.values()):
            if not audience.peers:
                del self._audiences[audience.event_id]
                self._news.unsubscribe(audience.event_id)
                continue
            try:
                await self._broadcast(audience)
            except QueueUnavailableError as error:
                log.warning("no line", extra={"event_id": audience.event_id, "reason": str(error)})

    async def _broadcast(self, audience: Audience) -> None:
        before = audience.line
        line = await self._count_line(audience)
        now_s = asyncio.get_running_loop().time()
        same = before is not None and line.model_copy(update={"at_ms": before.at_ms}) == before
        if same and now_s - audience.told_at_s < LINE_EVERY_S_MAX:
            return
        audience.told_at_s = now_s
        self.broadcasts_count += 1
        await self.server.broadcast(audience.peers.keys(), _frame(wire.LINE, line))

    async def _count_line(self, audience: Audience) -> wire.Line:
        tally = await self._waiting_room.tally(audience.event_id)
        audience.grace_s = tally.policy.grace_s
        audience.line = to_line(audience.event_id, tally, at_ms=self._clock.now_ms())
        return audience.line

    async def _end_expired(self) -> None:
        now_s = self._clock.now_ms() // 1000
        over = [second for second in self._expiring if second <= now_s]
        for peer in [peer for second in over for peer in self._expiring.pop(second)]:
            await peer.end(_frame(wire.ENDED, to_problem(TokenExpiredError())))

    async def _end_revoked(self) -> None:
        verifier = self._verifier
        if verifier is None or verifier.revocations_count == self._revocations_count:
            return
        self._revocations_count = verifier.revocations_count
        everybody = [peer for peers in self._expiring.values() for peer in peers]
        for peer in everybody:
            if peer.open and verifier.is_revoked(peer.state.principal):
                await peer.end(_frame(wire.ENDED, to_problem(TokenExpiredError(REVOKED))))

    # --- one user ---------------------------------------------------------------------------

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
                _tell(audience.peers_of(user_id), _frame(wire.GONE, gone))
            return
        except QueueUnavailableError:
            audience.recheck = True
            return
        if isinstance(standing.placement, Admitted):
            audience.numbers.pop(user_id, None)
            _tell(audience.peers_of(user_id), _frame(wire.ADMITTED, to_place(standing)))
        elif audience.numbers.get(user_id) != _number(standing) and audience.line is not None:
            joined = self._joined(audience, user_id, standing, audience.line)
            _tell(audience.peers_of(user_id), _frame(wire.PLACE, joined))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def _number(standing: Standing) -> int:
    """In the line; 0 where there is none (yet)."""
    return standing.placement.number if isinstance(standing.placement, Waiting) else 0


def _frame(event: str, struct: Wire) -> Frame:
    return event_frame(wire.NAMESPACE, event, encode(struct))


def _tell(peers: Iterable[Peer], frame: Frame) -> None:
    for peer in peers:
        peer.tell(frame)


def _refused(error: DomainError) -> Refused:
    problem = to_problem(error)
    return Refused(problem.detail, problem.model_dump(mode="json", exclude_none=True))
