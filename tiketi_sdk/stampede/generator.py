"""Runs one job under locust: all users ready first, then the opening, then everybody by their own schedule."""

import contextlib
import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import gevent
from gevent.event import Event as Gate
from locust import task
from locust.env import Environment
from locust.exception import StopUser

from tiketi_sdk.stampede.gevent_user import StampedeUser
from tiketi_sdk.stampede.health import Pulse
from tiketi_sdk.stampede.plan import Plan, Visitor
from tiketi_sdk.stampede.results import Progress, Results
from tiketi_sdk.stampede.tally import Tally

PROGRESS_S: Final = 0.5
OPENING_DELAY_S: Final = 0.3
"""Between the last user being ready and the opening."""


def main() -> int:
    """Read the job, run it, report it."""
    logging.getLogger("locust").setLevel(logging.ERROR)
    _raise_file_limit()
    _tell({"kind": "ready"})
    line = sys.stdin.buffer.readline()
    if not line:
        return 1
    job = json.loads(line)
    plan = Plan.from_json(job["plan"])
    visitors = [Visitor(**each) for each in job["visitors"]]
    results = Generator(plan, visitors, parent=os.getppid()).run()
    if results is None:
        return 1
    _tell({"kind": "results", "results": results.to_json()})
    sys.stdout.flush()
    # Not through the interpreter's end: thousands of greenlets would be unwound one by one.
    os._exit(0)


class Generator:
    """One job."""

    def __init__(self, plan: Plan, visitors: Sequence[Visitor], *, parent: int) -> None:
        self._plan = plan
        self._visitors = visitors
        self._parent = parent
        self._tally = Tally()
        self._pulse = Pulse(gevent.sleep)
        self._timeline: list[Progress] = []
        self._gate = Gate()
        self._opening_s = 0.0
        self._last_s = 0.0
        self._stop = False
        self._tokens: dict[int, str] = {}

    def run(self) -> Results | None:
        """The results, or None when nobody is there any more to read them."""
        signal.signal(signal.SIGTERM, self._stopped)
        signal.signal(signal.SIGINT, self._stopped)
        environment = Environment(user_classes=[self._user_class()], catch_exceptions=False)
        runner = environment.create_local_runner()
        runner.start(len(self._visitors), spawn_rate=len(self._visitors), wait=True)
        gc.collect()
        gc.freeze()
        self._opening_s = time.perf_counter() + OPENING_DELAY_S
        gevent.spawn(self._pulse.beat)
        gevent.spawn(self._listen_to_parent)
        self._pulse.measure()
        self._gate.set()
        return self._results() if self._watch() else None

    def _listen_to_parent(self) -> None:
        """New tokens, for those whose visit outlasts theirs."""
        read = sys.stdin.buffer.readline
        while line := gevent.get_hub().threadpool.apply(read):
            tokens = json.loads(line)["tokens"]
            self._tokens.update((int(user_id), token) for user_id, token in tokens.items())

    def _watch(self) -> bool:
        """Report until everybody is gone; whether the parent still is there."""
        ends_s = self._opening_s + self._plan.ends_after_s
        next_s = self._opening_s
        while True:
            done = self._tally.crowd.gone_count >= len(self._visitors)
            now_s = time.perf_counter()
            if done or self._stop or now_s >= ends_s:
                self._note(now_s)
                return True
            if now_s >= next_s:
                self._pulse.measure()
                self._note(now_s)
                next_s += PROGRESS_S * (1 + (now_s - next_s) // PROGRESS_S)
                if os.getppid() != self._parent or not _tell(self._told()):
                    return False
            gevent.sleep(0.05)

    def _note(self, now_s: float) -> None:
        self._timeline.append(self._tally.progress(now_s - self._opening_s))

    def _told(self) -> dict[str, Any]:
        return {"kind": "progress", "progress": asdict(self._timeline[-1])}

    def _results(self) -> Results:
        tally = self._tally
        unfinished_count = len(self._visitors) - tally.crowd.gone_count
        outcomes = {
            **tally.outcomes,
            **({"unfinished": unfinished_count} if unfinished_count else {}),
        }
        return Results(
            users_count=len(self._visitors),
            duration_s=round(max(0.0, (self._last_s or time.perf_counter()) - self._opening_s), 3),
            outcomes=outcomes,
            replies={name: dict(codes) for name, codes in sorted(tally.replies.items())},
            unexpected={name: dict(codes) for name, codes in sorted(tally.unexpected.items())},
            retried={name: dict(codes) for name, codes in sorted(tally.retried.items())},
            steps=tuple(times.step(name) for name, times in sorted(tally.steps.items())),
            felt=tuple(tally.felt[name].step(name) for name in self._felt_names()),
            timeline=tuple(self._timeline),
            health=self._pulse.report(tally),
            samples=tuple(tally.samples),
        )

    def _felt_names(self) -> list[str]:
        """How they waited is told apart only where there was more than one way."""
        ways = set() if self._plan.sockets_percent else {"waiting_polling", "waiting_socket"}
        return sorted(set(self._tally.felt) - ways)

    def _user_class(self) -> type[StampedeUser]:
        waiting = iter(self._visitors)
        generator = self

        class Visiting(StampedeUser):
            urls = self._plan.urls
            event_id = self._plan.event_id
            patience_s = self._plan.patience_s
            network_timeout = self._plan.request_timeout_s
            tokens: Mapping[int, str] = self._tokens
            tally = self._tally

            @task
            def visit(self) -> None:
                visitor = next(waiting)
                generator._gate.wait()
                try:
                    self.live(visitor, generator._opening_s)
                except Exception as error:  # noqa: BLE001  # the run goes on and says that it is flawed
                    generator._crashed(error)
                generator._last_s = time.perf_counter()
                raise StopUser

        return Visiting

    def _crashed(self, error: Exception) -> None:
        self._tally.crashes[f"{type(error).__name__}: {error}"[:300]] += 1
        self._tally.ended("failed")

    def _stopped(self, *_: object) -> None:
        self._stop = True


def _tell(line: dict[str, Any]) -> bool:
    """Whether somebody still reads."""
    try:
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


def _raise_file_limit() -> None:
    """Every visitor has connections of their own; each is a file."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
