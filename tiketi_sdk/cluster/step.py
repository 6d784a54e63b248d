"""What a step is, and how steps are ensured: checked first, applied only where something is missing.

Knows nothing of docker or Kubernetes. A step whose `check` says done is never applied, so a second run
changes nothing and an interrupted one goes on where it was.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tiketi_sdk.errors import ClusterError

Tell = Callable[[str], None]
"""Takes a line on what is going on."""

State = Literal["checking", "applying", "progress", "kept", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a check found."""

    done: bool
    note: str = ""
    """How it stands, for people."""


class Step(Protocol):
    """Something a cluster must have. `check` changes nothing; `apply` may be cut short anywhere and repeated."""

    @property
    def name(self) -> str:
        """One word, unique among the steps of a run."""
        ...

    @property
    def title(self) -> str:
        """The same for people."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the steps that must stand before this one is looked at."""
        ...

    def check(self) -> Standing:
        """Whether there is nothing to do."""
        ...

    def apply(self, tell: Tell) -> str:
        """Do what is missing and wait until it stands; a note for people. Raises `ClusterError`."""
        ...


@dataclass(frozen=True, slots=True)
class StepEvent:
    """One line of a run's story."""

    step: str
    title: str
    state: State
    elapsed_s: float
    """Since this step began."""
    note: str = ""
    cure: str = ""
    """Of a step that failed: what to do about it."""
    details: tuple[str, ...] = ()
    """Of a step that failed: lines of evidence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of steps ended."""

    changed: tuple[str, ...]
    """Names of the steps that had something to do, in the order they ended."""
    kept: tuple[str, ...]
    elapsed_s: float


Listener = Callable[[StepEvent], None]


def ensure(
    steps: Sequence[Step],
    listen: Listener,
    *,
    workers_max: int = 3,
    on_interrupt: Callable[[], object] = lambda: None,
) -> Outcome:
    """Make every step stand, each as soon as those it needs do; several at once.

    The first error ends the run after the steps under way have ended: none begins after it. `listen` is
    called from one thread at a time. Ctrl-C calls `on_interrupt`, which is to make them end soon.
    """
    began_s = time.monotonic()
    lock = threading.Lock()

    def told(event: StepEvent) -> None:
        with lock:
            listen(event)

    waiting = list(steps)
    standing: set[str] = set()
    changed: list[str] = []
    kept: list[str] = []
    running: dict[Future[bool], Step] = {}
    failure: BaseException | None = None
    with ThreadPoolExecutor(max_workers=workers_max, thread_name_prefix="step") as pool:
        try:
            while running or (waiting and failure is None):
                for step in [each for each in waiting if set(each.needs) <= standing]:
                    if failure is None and len(running) < workers_max:
                        waiting.remove(step)
                        running[pool.submit(_ensure_one, step, told)] = step
                assert running, f"steps need what nobody gives: {[each.name for each in waiting]}"
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    step = running.pop(future)
                    error = future.exception()
                    if error is not None:
                        failure = failure or error
                        continue
                    standing.add(step.name)
                    (changed if future.result() else kept).append(step.name)
        except BaseException:  # whoever wants us to end waits for the pool, too
            on_interrupt()
            raise
    if failure is not None:
        raise failure
    return Outcome(tuple(changed), tuple(kept), time.monotonic() - began_s)


def _ensure_one(step: Step, listen: Listener) -> bool:
    """Whether there was something to do."""
    began_s = time.monotonic()

    def tell(state: State, note: str = "", **more: Any) -> None:
        elapsed_s = time.monotonic() - began_s
        listen(StepEvent(step.name, step.title, state, elapsed_s, note, **more))

    tell("checking")
    try:
        found = step.check()
        if found.done:
            tell("kept", found.note)
            return False
        tell("applying", found.note)
        note = step.apply(lambda line: tell("progress", line))
    except BaseException as error:  # whatever it is: it is told, then goes on to the caller
        told = {}
        if isinstance(error, ClusterError):
            told = {"cure": error.cure, "details": error.details}
        tell("failed", str(error), **told)
        raise
    tell("done", note)
    return True
