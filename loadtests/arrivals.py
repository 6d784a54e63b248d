"""The very crowd of `tiketi queue stampede`, by its schedule of arrivals, under locust.

    locust -f loadtests/arrivals.py --event 1 --headless -u 500 --arrive-within 5
    locust -f loadtests/arrivals.py --event 1 --headless -u 2000 --arrival even --arrive-within 60 --sockets 30
    locust -f loadtests/arrivals.py --event 1                        # then choose the number of users on its page

`-u` people come, each once, at moments that the seed decides: the same as those of the command with the
same seed, so the two can be compared. The shape lets locust spawn each a little ahead; they wait for
their moment themselves, for locust's own clock strikes once a second. It ends when the last one has gone.
Who calls is the administrator of `TIKETI_PROFILE`, as for `loadtests/queue_stampede.py`.
"""

import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import gevent
from locust import LoadTestShape, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser

from tiketi_sdk import Tiketi
from tiketi_sdk.stampede import locustfiles
from tiketi_sdk.stampede.gevent_user import StampedeUser
from tiketi_sdk.stampede.plan import Plan, Visitor
from tiketi_sdk.stampede.tally import Tally

AHEAD_S: Final = 3.0
"""How long before their moment visitors are spawned."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_arguments(parser: LocustArgumentParser) -> None:
    locustfiles.add_arguments(parser)
    parser.add_argument(
        "--arrive-within", type=float, default=3.0, metavar="S",
        help="all come within so many seconds of the opening",
    )  # fmt: skip
    parser.add_argument(
        "--arrival", choices=["rush", "even"], default="rush",
        help="rush: most in the first moments; even: at any moment alike",
    )  # fmt: skip


@dataclass(slots=True)
class Sale:
    """One run: who comes and when the doors open."""

    plan: Plan
    waiting: Iterator[Visitor]
    arrivals_s: list[float]
    opening_s: float
    tally: Tally = field(default_factory=Tally)


class Arrivals(LoadTestShape):
    """As many users as have come so far, and those of the next moments."""

    use_common_options = True
    sale: Sale | None = None

    def reset_time(self) -> None:
        """A new run begins."""
        super().reset_time()  # type: ignore[no-untyped-call]
        type(self).sale = None

    def tick(self) -> tuple[int, float] | None:
        """How many there are to be by now; None once the last one has gone."""
        assert self.runner is not None, "run by the locust command"
        sale = self.sale
        if sale is None:
            sale = type(self).sale = announce(self.runner.environment)
        now_s = time.perf_counter() - sale.opening_s
        if sale.tally.crowd.gone_count >= sale.plan.users_count or now_s > sale.plan.ends_after_s:
            return None
        due_count = bisect_right(sale.arrivals_s, now_s + AHEAD_S)
        return max(1, due_count), float(sale.plan.users_count)


def announce(environment: Environment) -> Sale:
    """Make the crowd, and let the doors open when the first can be there."""
    options = environment.parsed_options
    assert options is not None, "run by the locust command"
    admin = Tiketi.from_profile()
    plan = locustfiles.plan_of(
        options,
        admin.config.urls,
        users_count=options.num_users or 1,
        seed=options.crowd_seed,
        arrive_within_s=options.arrive_within,
        arrival=options.arrival,
        ends_after_s=options.arrive_within + options.patience + 60,
    )
    crowd = locustfiles.gather(admin, count=plan.users_count)
    visitors = locustfiles.visitors_of(plan, crowd)
    sale = Sale(
        plan=plan,
        waiting=iter(visitors),
        arrivals_s=[each.arrives_s for each in visitors],
        opening_s=time.perf_counter() + AHEAD_S,
    )
    ScheduledVisitor.urls = plan.urls
    ScheduledVisitor.event_id = plan.event_id
    ScheduledVisitor.patience_s = plan.patience_s
    ScheduledVisitor.tally = sale.tally
    tokens: dict[int, str] = {}
    ScheduledVisitor.tokens = tokens
    gevent.spawn(locustfiles.keep_fresh, admin, crowd, tokens)
    return sale


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def close_doors(**_: object) -> None:
    if Arrivals.sale is not None:
        locustfiles.tell_felt(Arrivals.sale.tally)


class ScheduledVisitor(StampedeUser):
    """One visit at its moment, and home."""

    @task
    def visit(self) -> None:
        sale = Arrivals.sale
        assert sale is not None, "announced by the shape"
        visitor = next(sale.waiting, None)
        if visitor is not None:
            outcome = self.live(visitor, sale.opening_s)
            due_s = sale.opening_s + visitor.arrives_s
            locustfiles.note_visit(self.environment, outcome, took_s=time.perf_counter() - due_s)
        raise StopUser
