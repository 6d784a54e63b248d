"""The stampede as a plain locustfile, with locust's own page and numbers.

    locust -f loadtests/queue_stampede.py --event 1
    locust -f loadtests/queue_stampede.py --event 1 --headless -u 50 -r 50 -t 20s

Each locust user is one visitor after another, every one a distinct sandbox user with points. Who calls:
the administrator of `TIKETI_PROFILE` (or `local`), with `TIKETI_TOKEN` and `TIKETI_URL…` winning over it.
locust drives in a closed loop and keeps two digits: for figures to quote use `tiketi queue stampede`.
"""

import secrets
import time
from collections import deque

from locust import events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from tiketi_sdk import Tiketi
from tiketi_sdk.seeding import grant_points, provision_users
from tiketi_sdk.stampede.gevent_user import StampedeUser
from tiketi_sdk.stampede.plan import Plan, Visitor
from tiketi_sdk.stampede.tally import Tally

BATCH_COUNT = 500
POINTS = 5_000_000


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_arguments(parser: LocustArgumentParser) -> None:
    parser.add_argument("--event", type=int, default=1, help="the event's id")
    parser.add_argument("--crowd-seed", type=int, default=1, help="the same seed, the same crowd")


class Crowd:
    """Visitors without end, made in batches when they run out."""

    def __init__(self, event_id: int, seed: int) -> None:
        self._admin = Tiketi.from_profile()
        self._event_id = event_id
        self._seed = seed
        self._ready: deque[Visitor] = deque()
        self.urls = dict(self._admin.config.urls)

    def next(self) -> Visitor:
        """One who has not been here before."""
        while not self._ready:
            self._gather()
        return self._ready.popleft()

    def _gather(self) -> None:
        name = f"locust-{secrets.token_hex(5)}"
        users = provision_users(self._admin, prefix=name, count=BATCH_COUNT)
        grant_points(self._admin, [u.user_id for u in users], amount=POINTS, reference=name)
        self._seed += 1
        plan = Plan(
            event_id=self._event_id,
            urls=self.urls,
            users_count=BATCH_COUNT,
            arrive_within_s=0,
            seed=self._seed,
        )
        self._ready.extend(plan.visitors([(u.user_id, u.token) for u in users]))


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def open_doors(environment: Environment, **_: object) -> None:
    options = environment.parsed_options
    assert options is not None, "run by the locust command"
    crowd = Crowd(options.event, options.crowd_seed)
    QueueVisitor.crowd = crowd
    QueueVisitor.urls = crowd.urls
    QueueVisitor.event_id = options.event
    QueueVisitor.tally = Tally()


class QueueVisitor(StampedeUser):
    """One after another: enter, wait, hold, pay, fetch the ticket, leave."""

    crowd: Crowd

    @task
    def visit(self) -> None:
        began_s = time.perf_counter()
        outcome = self.live(self.crowd.next(), began_s)
        self.environment.events.request.fire(
            request_type="VISIT",
            name=outcome,
            response_time=(time.perf_counter() - began_s) * 1_000,
            response_length=0,
            exception=None if outcome not in {"failed", "unfinished"} else RuntimeError(outcome),
            context={},
        )
