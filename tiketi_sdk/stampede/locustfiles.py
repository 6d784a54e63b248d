"""What the locustfiles of `loadtests/` share: options, visitors, the words at the end. Imported by locust only."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import gevent
from gevent.lock import RLock
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.errors import TiketiError
from tiketi_sdk.seeding import Crowd, fresh_tokens, gather_crowd
from tiketi_sdk.stampede.plan import Mix, Plan, Visitor
from tiketi_sdk.stampede.results import Outcome
from tiketi_sdk.stampede.tally import Tally

BATCH_COUNT: Final = 500
POINTS: Final = 5_000_000
BAD: Final = frozenset[Outcome]({"failed", "unfinished"})
"""Endings that are failures in locust's eyes too."""
_RENEW_S_MIN: Final = 30.0


def add_arguments(parser: LocustArgumentParser) -> None:
    """The options that say who comes and to what."""
    parser.add_argument("--event", type=int, default=1, help="the event's id")
    parser.add_argument("--crowd-seed", type=int, default=1, help="the same seed, the same crowd")
    parser.add_argument(
        "--mix", type=_mix, default=Mix(), metavar="PARTS", include_in_web_ui=False,
        help="how they pay, as parts of the crowd: card=40,point=30,mixed=30",
    )  # fmt: skip
    parser.add_argument(
        "--sockets", type=int, default=0, metavar="PERCENT",
        help="so many of a hundred wait by Socket.IO, the others by polling",
    )  # fmt: skip
    parser.add_argument(
        "--patience", type=float, default=240.0, metavar="S",
        help="people go home this long after they came",
    )  # fmt: skip


def plan_of(
    options: Namespace, urls: Mapping[str, str], *, users_count: int, seed: int, **more: object
) -> Plan:
    """The plan that the options ask for. Raises ValueError for what no plan can be."""
    said = {
        "event_id": options.event,
        "urls": dict(urls),
        "users_count": users_count,
        "seed": seed,
        "mix": options.mix,
        "sockets_percent": options.sockets,
        "patience_s": options.patience,
        **more,
    }
    return Plan(**said)


class Company:
    """Visitors without end, made in batches when they run out; their tokens are renewed while they may be about."""

    def __init__(
        self,
        gather: Callable[[], Crowd],
        plan: Callable[[int], Plan],
        keep_fresh: Callable[[Crowd], object],
    ) -> None:
        """`plan`: that of the batch of so many, counted from 1. `keep_fresh` runs until it is killed."""
        self._gather = gather
        self._plan = plan
        self._keep_fresh = keep_fresh
        self._ready: deque[Visitor] = deque()
        self._renewal: gevent.Greenlet | None = None
        """Of the batch that was made last."""
        self._batches_count = 0
        # All users of locust begin at once, and each would make a batch of its own.
        self._gathering = RLock()

    def next(self) -> Visitor:
        """One who has not been here before."""
        with self._gathering:
            if not self._ready:
                self._make_batch()
            return self._ready.popleft()

    def _make_batch(self) -> None:
        self._batches_count += 1
        plan = self._plan(self._batches_count)
        crowd = self._gather()
        self._ready = deque(visitors_of(plan, crowd))
        if self._renewal is not None:
            # The last of the batch before has just come, and goes home after this at the latest.
            gevent.spawn_later(plan.patience_s, self._renewal.kill)
        self._renewal = gevent.spawn(self._keep_fresh, crowd)


def gather(admin: Tiketi, *, count: int = BATCH_COUNT) -> Crowd:
    """New users with points enough for any visit."""
    return gather_crowd(admin, count=count, points=POINTS)


def visitors_of(plan: Plan, crowd: Crowd) -> list[Visitor]:
    """The users of a crowd with what the plan decides about them."""
    return plan.visitors([(each.user_id, each.token) for each in crowd.members])


def keep_fresh(admin: Tiketi, crowd: Crowd, tokens: dict[int, str]) -> None:
    """Put new tokens into `tokens` before the old ones end, for ever; run it in a greenlet of its own."""
    while True:
        gevent.sleep(max(_RENEW_S_MIN, crowd.life_s / 2))
        try:
            tokens.update(fresh_tokens(admin, crowd))
        except TiketiError as error:
            sys.stderr.write(f"no new tokens for the crowd yet: {error}\n")


def note_visit(environment: Environment, outcome: Outcome, *, took_s: float) -> None:
    """List a visit among locust's requests, by how it ended."""
    environment.events.request.fire(  # type: ignore[no-untyped-call]  # locust types half of itself
        request_type="VISIT",
        name=outcome,
        response_time=took_s * 1_000,
        response_length=0,
        exception=RuntimeError(outcome) if outcome in BAD else None,
        context={},
    )


def tell_felt(tally: Tally) -> None:
    """What people felt, on stderr with three digits, where locust keeps two."""
    for name, times in sorted(tally.felt.items()):
        p50, _, p95, p99, longest = times.percentiles_ms()
        sys.stderr.write(
            f"felt {name}: {times.count:,} visitors, p50 {p50:,.0f} ms, p95 {p95:,.0f} ms, "
            f"p99 {p99:,.0f} ms, longest {longest:,.0f} ms\n"
        )
    for told in tally.samples:
        sys.stderr.write(f"unexpected: {told}\n")


def _mix(text: str) -> Mix:
    try:
        return Mix.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
