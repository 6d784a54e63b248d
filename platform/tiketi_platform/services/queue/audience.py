"""Who in this process follows one room: sockets, the users behind them, and whose turn it is to be looked at."""

from collections import deque
from dataclasses import dataclass, field
from math import ceil
from typing import TypeAlias

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_platform.adapters.socketio.server import Peer
from tiketi_platform.framework.access import Principal
from tiketi_sdk.contract.realtime import Line


@dataclass(slots=True)
class Member:
    """What we remember of one client; it is its peer's `state`."""

    user_id: UserId
    principal: Principal
    """Whom its access token stands for, and until when."""
    rooms: set[EventId] = field(default_factory=set)
    asked_in_s: int = 0
    """The second of the clock in which it last asked something."""
    asked_count: int = 0

    @property
    def ends_in_s(self) -> int:
        """The second of the clock in which its token ends."""
        return self.principal.expires_at_ms // 1000


class Audience:
    """The sockets of one room."""

    def __init__(self, event_id: EventId) -> None:
        self.event_id = event_id
        self.peers: dict[Peer, UserId | None] = {}
        """Everybody who is told of the line; None for those who only watch."""
        self.numbers: dict[UserId, int] = {}
        """Those who wait, with the number in the line that they know; 0: there is none yet."""
        self.line: Line | None = None
        """As last counted."""
        self.told_at_s = 0.0
        """When the line was last broadcast."""
        self.grace_s = 1
        self.recheck = True
        """Anything may have happened to anybody: look at all at once."""
        self._peers_of: dict[UserId, list[Peer]] = {}
        self._turns: deque[UserId] = deque()
        self._turning: set[UserId] = set()

    def add(self, peer: Peer, user_id: UserId | None) -> None:
        """A socket follows the room from now on; doing it again may change as whom."""
        self.remove(peer)
        self.peers[peer] = user_id
        if user_id is not None:
            self._peers_of.setdefault(user_id, []).append(peer)

    def remove(self, peer: Peer) -> None:
        """A socket does not any more."""
        user_id = self.peers.pop(peer, None)
        if user_id is None:
            return
        peers = self._peers_of[user_id]
        peers.remove(peer)
        if not peers:
            del self._peers_of[user_id]
            self.numbers.pop(user_id, None)

    def peers_of(self, user_id: UserId) -> tuple[Peer, ...]:
        """The sockets of a user who follows an own place here."""
        return tuple(self._peers_of.get(user_id, ()))

    def waits(self, user_id: UserId, number: int) -> None:
        """A user who follows the room has this number."""
        if user_id not in self._peers_of:
            return
        self.numbers[user_id] = number
        if user_id not in self._turning:
            self._turning.add(user_id)
            self._turns.append(user_id)

    def due(self, turns_count: int) -> list[UserId]:
        """Those to be looked at now, if everybody is to be looked at once in `turns_count` calls."""
        if self.recheck:
            self.recheck = False
            return list(self.numbers)
        users: list[UserId] = []
        for _ in range(ceil(len(self._turns) / turns_count)):
            user_id = self._turns.popleft()
            if user_id in self.numbers:
                self._turns.append(user_id)
                users.append(user_id)
            else:
                self._turning.discard(user_id)
        return users


Audiences: TypeAlias = dict[EventId, Audience]
"""The rooms that sockets of this process follow."""
