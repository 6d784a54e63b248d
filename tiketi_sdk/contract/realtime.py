"""What crosses a Socket.IO connection to the waiting room: names, requests, acknowledgements and news.

The namespace is `/queue` on the queue service's own port; the handshake carries `{"token": …}`. What a
client asks is an event with one object and an acknowledgement; what it is told is an event with one object.
News is about how things *are*, never only about a change: a client that missed some is right again with
the next, and joining again answers with the whole state.
"""

from math import ceil
from typing import Annotated, Final

from pydantic import Field

from tiketi_sdk.contract.fields import Id
from tiketi_sdk.contract.operation import Request, Wire
from tiketi_sdk.contract.queue import Place, RoomState

NAMESPACE: Final = "/queue"
SOCKET_PATH: Final = "/socket.io"

JOIN: Final = "join"
"""Client → server, `RoomOf`: follow my own place; acknowledged with `Joined`. It is a sign of life."""
WATCH: Final = "watch"
"""Client → server, `RoomOf`: follow the line without a place in it; acknowledged with `Joined`."""
LEAVE_ROOM: Final = "leave_room"
"""Client → server, `RoomOf`: no more news of this room. The place in the line stays."""

LINE: Final = "line"
"""Server → everybody in the room, `Line`, once a second at the most."""
ADMITTED: Final = "admitted"
"""Server → one user, `Place` with the entry token, at once."""
PLACE: Final = "place"
"""Server → one user, `Joined`: the number in the line is another one than before."""
GONE: Final = "gone"
"""Server → one user, `RoomOf`: the place is lost, for want of a sign of life or by leaving."""
ENDED: Final = "ended"
"""Server → one client, `Problem`: why the server is about to close the connection."""


class RoomOf(Request):
    """Which event's waiting room."""

    event_id: Id


class Handshake(Request):
    """Who connects."""

    token: Annotated[str, Field(min_length=1, max_length=4_096)]
    """An access token, without the word Bearer."""


class Line(Wire):
    """How far a line is; the same bytes for everybody in it."""

    event_id: int
    state: RoomState
    front: int
    """The highest number that was reached."""
    waiting_count: int
    pace_per_s: float
    """Admissions a second, measured lately; 0 while there are none."""
    admitted_total: int
    inside_count: int
    """Admitted, and their session is not over."""
    capacity: int
    at_ms: int
    """When it was counted, by the server's clock."""
    ends_per_s: float = 0.0
    """Sessions that end a second, measured lately: the pace of whoever stands behind a full room."""

    def position_of(self, number: int) -> int:
        """Where `number` stands at the most, 1 being next in: whoever gave up in front is still counted."""
        return max(1, min(number - self.front, self.waiting_count))

    def eta_s(self, position: int) -> float | None:
        """Seconds until that position is in if the pace holds; None while there is no pace.

        A room fills only once: who stands behind it when it is full waits for sessions to end.
        """
        has_room = position <= self.capacity - self.inside_count
        pace_per_s = self.pace_per_s if has_room else self.ends_per_s
        return float(ceil(position / pace_per_s)) if pace_per_s > 0 else None


class Joined(Wire):
    """The state on joining: everything a client needs to go on from here."""

    event_id: int
    place: Place | None = None
    """None for somebody who only watches."""
    number: int | None = None
    """Your number in the line; with each `Line` it tells your position. None while there is none."""
    line: Line


class Problem(Wire):
    """What was refused, by the codes of every other operation."""

    code: str
    title: str
    status: int
    detail: str
    retry_after_s: float | None = None


class Ack(Wire):
    """The acknowledgement of a request: one of the two."""

    joined: Joined | None = None
    problem: Problem | None = None
