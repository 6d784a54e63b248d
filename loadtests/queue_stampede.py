"""The stampede as a plain locustfile, with locust's own page and numbers.

    locust -f loadtests/queue_stampede.py --event 1
    locust -f loadtests/queue_stampede.py --event 1 --headless -u 50 -r 50 -t 20s
    locust -f loadtests/queue_stampede.py --event 1 --sockets 50 --mix card=1,mixed=1

Each locust user is one visitor after another, every one a distinct sandbox user with points. Who calls:
the administrator of `TIKETI_PROFILE` (or `local`), with `TIKETI_TOKEN` and `TIKETI_URL…` winning over it.
locust drives in a closed loop and keeps two digits: for figures to quote use `tiketi queue stampede`, and
for its arrivals under locust `loadtests/arrivals.py`.
"""

import time

from locust import events, task
from locust.env import Environment

from tiketi_sdk import Tiketi
from tiketi_sdk.stampede import locustfiles
from tiketi_sdk.stampede.gevent_user import StampedeUser
from tiketi_sdk.stampede.tally import Tally

events.init_command_line_parser.add_listener(locustfiles.add_arguments)  # type: ignore[no-untyped-call]


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def open_doors(environment: Environment, **_: object) -> None:
    options = environment.parsed_options
    assert options is not None, "run by the locust command"
    admin = Tiketi.from_profile()
    urls = dict(admin.config.urls)
    tokens: dict[int, str] = {}
    QueueVisitor.tokens = tokens
    QueueVisitor.company = locustfiles.Company(
        lambda: locustfiles.gather(admin),
        lambda batch: locustfiles.plan_of(
            options,
            urls,
            users_count=locustfiles.BATCH_COUNT,
            seed=options.crowd_seed + batch,
            arrive_within_s=0,
        ),
        lambda crowd: locustfiles.keep_fresh(admin, crowd, tokens),
    )
    QueueVisitor.urls = urls
    QueueVisitor.event_id = options.event
    QueueVisitor.patience_s = options.patience
    QueueVisitor.tally = Tally()


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def close_doors(**_: object) -> None:
    locustfiles.tell_felt(QueueVisitor.tally)


class QueueVisitor(StampedeUser):
    """One after another: enter, wait, hold, pay, fetch the ticket, leave."""

    company: locustfiles.Company

    @task
    def visit(self) -> None:
        began_s = time.perf_counter()
        outcome = self.live(self.company.next(), began_s)
        locustfiles.note_visit(self.environment, outcome, took_s=time.perf_counter() - began_s)
