"""Who is connected to one process: how many times, and until when their tokens are good. It knows no room."""

from collections import Counter

from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import UserId
from tiketi_platform.adapters.socketio.frames import Frame, event_frame
from tiketi_platform.adapters.socketio.server import Peer
from tiketi_platform.framework.access import REVOKED, TokenExpiredError, TokenVerifier
from tiketi_platform.framework.routing import encode
from tiketi_platform.services.queue.audience import Member
from tiketi_platform.services.queue.lines import to_problem
from tiketi_sdk.contract import realtime as wire
from tiketi_sdk.contract.operation import Wire


class TooFastError(DomainError):
    """More requests, rooms or sockets than one client may have."""

    code = "rate_limited"


class Connections:
    """The clients of one process; each peer's `state` is its `Member`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ending: dict[int, set[Peer]] = {}
        """Second of the clock in which a token ends → who came with it."""
        self._count_of: Counter[UserId] = Counter()
        self._endings_count = 0

    def add(self, peer: Peer, member: Member) -> None:
        """Somebody is in. Raises TooFastError for who has as many connections as one may have."""
        if self._count_of[member.user_id] >= bounds.sockets_per_user_max:
            raise TooFastError(f"at most {bounds.sockets_per_user_max} connections at once")
        self._count_of[member.user_id] += 1
        peer.state = member
        self._ending.setdefault(member.ends_in_s, set()).add(peer)

    def remove(self, peer: Peer) -> None:
        """Somebody who was in is gone."""
        member: Member = peer.state
        ending = self._ending.get(member.ends_in_s)
        if ending is not None:
            ending.discard(peer)
        self._count_of[member.user_id] -= 1
        if not self._count_of[member.user_id]:
            del self._count_of[member.user_id]

    async def end_expired(self) -> None:
        """Close the connections whose tokens are over."""
        now_s = self._clock.now_ms() // 1000
        over = [second for second in self._ending if second <= now_s]
        for peer in [peer for second in over for peer in self._ending.pop(second)]:
            await peer.end(frame(wire.ENDED, to_problem(TokenExpiredError())))

    async def end_revoked(self, verifier: TokenVerifier) -> None:
        """Close the connections whose tokens were revoked since the last time, or the key that signed them."""
        if verifier.endings_count == self._endings_count:
            return
        self._endings_count = verifier.endings_count
        everybody = [peer for peers in self._ending.values() for peer in peers]
        for peer in everybody:
            principal = peer.state.principal
            if peer.open and (verifier.is_revoked(principal) or verifier.is_withdrawn(principal)):
                await peer.end(frame(wire.ENDED, to_problem(TokenExpiredError(REVOKED))))


def frame(event: str, struct: Wire) -> Frame:
    """One message of the namespace, encoded once for however many hear it."""
    return event_frame(wire.NAMESPACE, event, encode(struct))
