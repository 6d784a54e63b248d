"""Spells every Redis key of the platform, and is the only module that does; it reads and writes none.

Keys of one waiting room share the hash tag `{event id}`, so that one script may touch them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

rooms: Final = "queue:rooms"
"""Sorted set: event id of each room worth pumping → when somebody last entered, in ms."""

telling: Final = "queue:telling"
"""Set: event ids whose admission logs may hold what nobody was told yet."""


@dataclass(frozen=True, slots=True)
class RoomKeys:
    """The keys of one event's waiting room."""

    all: tuple[str, ...]
    """room, waiting, seen, admitted, sessions, log, news, bought, enters, ended, draw: KEYS of lua/queue."""

    @property
    def log(self) -> str:
        """Stream: the admission log."""
        return self.all[5]

    @property
    def news(self) -> str:
        """Channel: what the room announces."""
        return self.all[6]

    @property
    def waiting(self) -> str:
        """Sorted set: user → number in the line."""
        return self.all[1]

    @property
    def ended(self) -> str:
        """Stream: numbers of sessions that ended before their time."""
        return self.all[9]

    @property
    def draw(self) -> str:
        """Hash: what was committed to for the draw, and what came of it."""
        return self.all[10]


_PARTS: Final = (
    "room",  # string: clock, policy, counters, token bucket, pace
    "waiting",  # sorted set: user → number in the line, 0 before the draw
    "seen",  # hash: waiting user → last sign of life, next poll, promise
    "admitted",  # sorted set: user → end of session, ms
    "sessions",  # hash: admitted user → "number:admitted at ms"
    "log",
    "news",
    "bought",  # hash: "r" + reservation whose confirmation was applied → user
    "enters",  # hash: user → times entered again, refused or left in this window
    "ended",
    "draw",
)


@lru_cache(maxsize=1_024)
def room(event_id: int) -> RoomKeys:
    """The keys of the waiting room of `event_id`."""
    return RoomKeys(tuple(f"queue:{{{event_id}}}:{part}" for part in _PARTS))


def told(event_id: int) -> str:
    """String: the last entry of the admission log that was told of."""
    return f"queue:{{{event_id}}}:told"


def teller(event_id: int) -> str:
    """String: who tells of the room's admissions, as long as the lease lasts."""
    return f"queue:{{{event_id}}}:teller"


def seat_locks(event_id: int, seat_ids: Iterable[int]) -> list[str]:
    """Strings: the owner token of whoever is reserving the seat right now, one key per seat."""
    return [f"seats:{{{event_id}}}:lock:{seat_id}" for seat_id in seat_ids]


def seat_pass(event_id: int, user_id: int, key: str) -> str:
    """String: there while a repeat of this request, which was let through, is let through again."""
    return f"seats:{{{event_id}}}:pass:{user_id}:{key}"


def messages(service: str) -> str:
    """Stream: what `service` published; its dead letters share the hash tag."""
    return f"messages:{{{service}}}"


def dead_letters(service: str, group: str) -> str:
    """Stream: messages of `service` that `group` gave up on."""
    return f"messages:{{{service}}}:dead:{group}"


def changes(service: str) -> str:
    """Stream: what `service` has changed, for its replicas' memories."""
    return f"changes:{{{service}}}"
