"""The queue service's operations: the waiting room in front of an event."""

from typing import Annotated, Literal

from pydantic import Field

from tiketi_sdk.contract.auth import Jwks
from tiketi_sdk.contract.fields import Cursor, ExportLimit, Id, Instant, Page
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

RoomState = Literal["open", "paused", "closed"]
"""open: people enter and are admitted; paused: they enter and wait; closed: nobody enters or is admitted."""


class EventInBody(Request):
    """Which event's waiting room."""

    event_id: Id


class Place(Wire):
    """Where you stand in a waiting room."""

    event_id: int
    state: Literal["gathered", "waiting", "admitted"]
    """gathered: you take part in the draw at `opens_at`, and nobody has a number yet."""
    position: int
    """1 is next in; 0 once admitted, and while gathered."""
    waiting_count: int
    """How many wait in all, or have gathered."""
    eta_s: float | None = None
    """Seconds until admission by the pace measured lately, over by then for half of such waits (p50).

    Behind a full room that is the pace at which sessions end. None while there is no pace to go by."""
    next_poll_ms: int
    """Ask again after this many milliseconds; shorter near the front. Much earlier is refused with `too_early`."""
    entry_token: str | None = None
    """Once admitted: send it as `Entry-Token` to reservation and payment. Good for a minute at the most;
    asking for your place again gives a fresh one."""
    session_expires_at: Instant | None = None
    """Once admitted: when the session ends."""
    eta_p90_s: float | None = None
    """Nine of ten such waits are over by then. The first one you are told is a promise that is kept count of."""
    opens_at: Instant | None = None
    """While gathered: when the draw is held."""
    draw_id: str | None = None
    """While gathered: your pseudonym in the receipt of the draw, 32 hex digits."""
    draw_commitment: str | None = None
    """While gathered: what the platform has bound itself to; keep it, and the receipt must open it."""


class Left(Wire):
    """You are out."""

    event_id: int
    was: Literal["waiting", "admitted", "absent"]


class Policy(Wire):
    """How a waiting room lets people in."""

    event_id: int
    capacity: int
    """How many may be inside at the same instant."""
    admit_per_second: int
    """How fast, on average, people are let in while there is room."""
    session_ttl_s: int
    """How long an admitted user may stay."""
    waiting_max: int
    """How many may wait; more are refused with `waiting_room_full`."""
    state: RoomState
    grace_s: int
    """Who waits and gives no sign of life for longer is skipped when reached, never before. Time in which
    nobody could be heard does not count: while nothing at all comes from a line of five or more for half of it,
    nobody is let in or skipped, for ten minutes at most."""
    opens_at: Instant | None = None
    """Who comes before gathers, and is put in random order then; whoever comes later queues behind, even
    should the sale begin later still."""
    draw_commitment: str | None = None
    """SHA-256 that binds the platform to the draw's seed, in hex; public as soon as `opens_at` is set."""


class SetPolicyRequest(Request):
    """A new policy; fields left out stay as they are."""

    event_id: Id
    capacity: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    admit_per_second: Annotated[int, Field(ge=1, le=100_000)] | None = None
    session_ttl_s: Annotated[int, Field(ge=1, le=86_400)] | None = None
    waiting_max: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    state: RoomState | None = None
    grace_s: Annotated[int, Field(ge=5, le=3_600)] | None = None
    opens_at: Instant | None = None
    """Only while nobody has a number; may be moved until then. A moment that is over: open now.

    Not before the sale begins (`invalid_request`): whoever is admitted must be able to buy."""


class RoomRequest(Request):
    """Which event's waiting room."""

    event_id: Id


class Stats(Wire):
    """A waiting room at a glance."""

    event_id: int
    state: RoomState
    capacity: int
    waiting_count: int
    admitted_count: int
    """Inside now."""
    entered_total: int
    admitted_total: int
    expired_total: int
    """Sessions that ran out."""
    left_total: int
    """Sessions ended by leaving or by having bought."""
    admitted_max: int
    """The most that were ever inside at once."""
    admit_rate_per_s: float
    """The pace measured over the last seconds."""
    end_rate_per_s: float = 0.0
    """Sessions ended a second, over the same time: the pace of a room that is full."""
    gave_up_total: int
    """Left while waiting."""
    skipped_total: int
    """Gave no sign of life for `grace_s` and were passed over when reached."""
    log_truncated: bool
    """The admission log lost its beginning, or all of it after a month unused: it cannot be audited whole."""
    promises_total: int = 0
    """Users who were promised a time (the first `eta_p90_s` they were told) and were let in, passed over, gave
    up, or were seen waiting past it."""
    promises_kept_total: int = 0
    """Of those, who were let in by then; nine of ten is what p90 says."""
    hushed: bool = False
    """Nobody of a line of five or more was heard for half of `grace_s`: until somebody is, nobody is let in or
    passed over, for ten minutes at most."""
    opens_at: Instant | None = None
    draw: Literal["none", "gathering", "drawing", "drawn"] = "none"
    draw_commitment: str | None = None


class LogRequest(Request):
    """Which event's admission log, from where on."""

    event_id: Id
    cursor: Cursor | None = None
    limit: ExportLimit = 5_000


class LogEntry(Wire):
    """One line of the append-only admission log.

    Who is inside: `admitted` minus `left` and `expired`. Who waits: `entered` minus `admitted`, `gave_up`
    and `skipped`. Who `gathered` before a draw is `entered` by it, with a number, unless he `gave_up` without one. A session that ran out is `expired` when the room is needed or somebody looks, and
    counts as inside until then.
    """

    id: str
    """Ascending; the order in which the waiting room did things."""
    kind: Literal[
        "entered", "admitted", "left", "expired", "policy", "gave_up", "skipped", "gathered"
    ]
    user_id: int | None = None
    """None for `policy`."""
    number: int | None = None
    """The user's number in the line, counted from 1 per event; None for `policy` and before a draw."""
    capacity: int
    """The capacity in force at that moment."""
    at: Instant


class DrawRequest(Request):
    """Which event's draw, from which number on."""

    event_id: Id
    first: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    limit: ExportLimit = 5_000


class Draw(Wire):
    """The receipt of a draw: with it anybody can repeat the draw, and nothing more is needed.

    Sort all `draw_ids`; D = SHA-256 of them joined by line feeds; each one's rank is by HMAC-SHA256(seed,
    D followed by its ASCII digits). SHA-256 of `<algorithm> <event_id>`, a line feed, the seed and
    `salt_digest` is the commitment. docs/decisions say what that proves and what it does not.
    """

    event_id: int
    algorithm: str
    """`tiketi-draw-1`."""
    opens_at: Instant
    drawn_at: Instant
    commitment: str
    """64 hex digits, as published before."""
    seed: str
    """64 hex digits, secret until the draw."""
    salt_digest: str
    """SHA-256 of the salt that makes the pseudonyms, 64 hex digits; the salt stays secret."""
    count: int
    """How many took part."""
    first: int
    """The number that the first of `draw_ids` drew; the next one's is one more."""
    draw_ids: tuple[str, ...]
    """Pseudonyms in the order of their numbers, 32 hex digits each."""


ENTER = Operation(
    name="queue.enter", method="POST", path="/api/queue/enter", request=EventInBody, response=Place,
    errors=("event_not_found", "not_on_sale", "waiting_room_closed", "waiting_room_full", "queue_unavailable"),
    same_twice=True, summary="Join the line of an event; doing it again keeps your place.",
)  # fmt: skip
STATUS = Operation(
    name="queue.status", method="GET", path="/api/queue/status", request=RoomRequest, response=Place,
    errors=("not_in_queue", "too_early", "queue_unavailable"), summary="Where you stand.",
)  # fmt: skip
HEARTBEAT = Operation(
    name="queue.heartbeat", method="POST", path="/api/queue/heartbeat", request=EventInBody, response=Place,
    errors=("not_in_queue", "too_early", "queue_unavailable"), same_twice=True,
    summary="The same question as `queue.status`, in the same pace, for clients that may not ask by GET.",
)  # fmt: skip
LEAVE = Operation(
    name="queue.leave", method="POST", path="/api/queue/leave", request=EventInBody, response=Left,
    errors=("queue_unavailable",), same_twice=True, summary="Give up your place or your session.",
)  # fmt: skip
SET_POLICY = Operation(
    name="queue.set_policy", method="PUT", path="/api/queue/{event_id}/policy", request=SetPolicyRequest,
    response=Policy, access="admin", errors=("event_not_found", "line_formed", "queue_unavailable"),
    summary="Change how a waiting room lets people in, at once.",
)  # fmt: skip
POLICY = Operation(
    name="queue.policy", method="GET", path="/api/queue/{event_id}/policy", request=RoomRequest, response=Policy,
    access="admin", errors=("event_not_found", "queue_unavailable"), summary="The policy in force.",
)  # fmt: skip
STATS = Operation(
    name="queue.stats", method="GET", path="/api/queue/{event_id}/stats", request=RoomRequest, response=Stats,
    access="admin", errors=("event_not_found", "queue_unavailable"), summary="A waiting room at a glance.",
)  # fmt: skip
LOG = Operation(
    name="queue.log", method="GET", path="/api/queue/{event_id}/log", request=LogRequest, response=Page[LogEntry],
    access="admin", errors=("event_not_found", "queue_unavailable"), summary="The admission log, for the audit.",
)  # fmt: skip
DRAW = Operation(
    name="queue.draw", method="GET", path="/api/queue/{event_id}/draw", request=DrawRequest, response=Draw,
    access="public", errors=("draw_not_found", "queue_unavailable"),
    summary="The receipt of the draw, once it was held.",
)  # fmt: skip
JWKS = Operation(
    name="queue.jwks", method="GET", path="/.well-known/jwks.json", request=Nothing, response=Jwks,
    access="public", summary="The public keys that entry tokens are verified with.",
)  # fmt: skip
