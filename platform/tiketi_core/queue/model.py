"""What a waiting room consists of, as values; decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Literal, NamedTuple, TypeAlias

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId, UserId


class RoomState(IntEnum):
    """open: people enter and are admitted; paused: they enter and wait; closed: nobody enters or is admitted."""

    OPEN = 0
    PAUSED = 1
    CLOSED = 2


class Phase(IntEnum):
    """Whether a line begins with a draw, and how far that is."""

    UNDRAWN = 0
    """No draw: strictly first come, first served."""
    GATHERING = 1
    """Before `opens_at`: everybody may gather, nobody has a number."""
    DRAWING = 2
    """Numbers are being drawn, and nobody sees any; whoever enters now queues behind."""
    DRAWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a waiting room lets people in."""

    capacity: int = bounds.capacity_default
    """Inside at the same instant at most, 0..capacity_max."""
    admit_per_second: int = bounds.admit_per_second_default
    """1..admit_per_second_max; a second's worth may come at once after a lull."""
    session_ttl_s: int = bounds.session_ttl_s_default
    waiting_max: int = bounds.waiting_max
    """0..; 0 lets in who can walk in and refuses everybody else."""
    grace_s: int = bounds.grace_s_default
    """Who waits and was silent for longer is skipped when reached."""
    state: RoomState = RoomState.OPEN
    opens_at_ms: int = 0
    """Those who came before are put in random order at that moment; 0: no draw."""
    phase: Phase = Phase.UNDRAWN


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """A new policy in part; None leaves a value as it is."""

    capacity: int | None = None
    admit_per_second: int | None = None
    session_ttl_s: int | None = None
    waiting_max: int | None = None
    grace_s: int | None = None
    state: RoomState | None = None
    opens_at_ms: int | None = None
    """Only while nobody has a number."""


class Waiting(NamedTuple):
    """A place in the line; a tuple, because one is made per answer."""

    number: int
    """Counted from 1 per event in the order of entering; it never changes."""
    position: int
    """1 is next in."""
    waiting_count: int
    pace_milli: int
    """Admissions per 1,000 seconds, measured lately; 0: none."""
    next_poll_ms: int
    """Ask again after so long, not much earlier."""
    eta_ms: int
    """Half of such waits are over by then; -1 without a pace."""
    eta_late_ms: int
    """Nine of ten such waits are over by then; -1 without a pace. The first one told is a promise."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Taking part in the draw; there is no order yet."""

    waiting_count: int
    opens_at_ms: int
    next_poll_ms: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A session inside."""

    number: int
    """The number the user had in the line: unique per event, so it names this admission."""
    ends_at_ms: int
    """The first instant at which the session is over."""
    waiting_count: int


class Refusal(Enum):
    """Why a newcomer does not get a place."""

    CLOSED = "closed"
    FULL = "full"
    BEFORE_SALE = "before_sale"
    """The sale has not begun, and there is no draw to gather for or to queue behind."""
    TOO_OFTEN = "too_often"


Placement: TypeAlias = Waiting | Admitted | Gathered


@dataclass(frozen=True, slots=True)
class TooEarly:
    """A poll before its time. The place is kept, and it was a sign of life."""

    left_ms: int


class Was(IntEnum):
    """What somebody who leaves had been."""

    ABSENT = 0
    WAITING = 1
    ADMITTED = 2


@dataclass(frozen=True, slots=True)
class Pumped:
    """What one round of admitting did."""

    admitted_count: int
    skipped_count: int
    reaped_count: int
    more: bool
    """There may be more to do at once: the round ended at the size of its batch."""
    waiting_count: int
    inside_count: int
    """Sessions, those over but not yet reaped included."""
    drawing: bool = False
    """The draw is due: somebody has to hold it."""

    @property
    def idle(self) -> bool:
        """Nobody waits and nobody is inside."""
        return self.waiting_count == 0 and self.inside_count == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A waiting room at a glance."""

    policy: Policy
    waiting_count: int
    inside_count: int
    """Sessions that are not over."""
    entered_total: int
    admitted_total: int
    expired_total: int
    left_total: int
    gave_up_total: int
    skipped_total: int
    inside_max: int
    """The most sessions there ever were at once."""
    pace_milli: int
    """Admissions per 1,000 seconds, measured lately."""
    front: int
    """The highest number that was reached, admitted or skipped."""
    log_truncated: bool
    promises_total: int
    """People who were promised a time and were let in, passed over, gave up, or were seen waiting past it."""
    promises_kept_total: int
    """Of those, who were let in by then."""
    hushed: bool
    """Nobody of a whole line is heard: until somebody is, nobody is let in or passed over."""
    ends_milli: int
    """Sessions that ended per 1,000 seconds, measured lately."""


LogKind: TypeAlias = Literal[
    "entered", "admitted", "left", "expired", "policy", "gave_up", "skipped", "gathered"
]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the admission log."""

    id: str
    """`ms-sequence-place`, ascending; the first part is the room's clock."""
    kind: LogKind
    user_id: UserId | None
    number: int | None
    capacity: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """A reservation that was paid for; it ends the session it was made in."""

    event_id: EventId
    user_id: UserId
    reservation_id: int
    confirmed_at_ms: int


@dataclass(frozen=True, slots=True)
class Gathering:
    """What those who gather may know of the draw to come, and what makes their pseudonyms."""

    commitment: str
    """Hex of SHA-256; published before anybody gathers."""
    salt: bytes
    """Secret: never leaves the platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """A draw that was held, and some of its outcome."""

    opens_at_ms: int
    drawn_at_ms: int
    count: int
    """How many took part."""
    commitment: str
    seed: bytes
    salt_digest: bytes
    draw_ids: Sequence[str]
    """Pseudonyms in the order drawn, from the number asked for on."""
