"""Steps are checked before they are applied, in the order of their needs, and an error ends the run."""

from __future__ import annotations

import signal
import threading

import pytest

from tiketi_sdk.cluster import Standing, StepEvent, ensure
from tiketi_sdk.errors import ClusterError


class Thing:
    """A step that stands once it was applied."""

    def __init__(self, name, *needs, stands=False, fails=False, meets=None):
        self.name, self.title, self.needs = name, name.title(), needs
        self.stands, self.fails, self.meets = stands, fails, meets
        self.applied_count = 0

    def check(self):
        return Standing(done=self.stands, note="as it was" if self.stands else "missing")

    def apply(self, tell):
        self.applied_count += 1
        tell("half way")
        if self.meets is not None:
            self.meets.wait(timeout=60)
        if self.fails:
            raise ClusterError("no", cure="yes")
        self.stands = True
        return "made"


def test_what_stands_is_left_alone():
    one, two = Thing("one", stands=True), Thing("two", "one")
    outcome = ensure([one, two], lambda _: None)
    assert (outcome.kept, outcome.changed) == (("one",), ("two",))
    assert (one.applied_count, two.applied_count) == (0, 1)


def test_the_second_run_changes_nothing():
    steps = [Thing("one"), Thing("two", "one")]
    ensure(steps, lambda _: None)
    assert ensure(steps, lambda _: None).changed == ()
    assert [step.applied_count for step in steps] == [1, 1]


def test_a_step_waits_for_what_it_needs():
    order: list[str] = []
    steps = [Thing("last", "middle"), Thing("middle", "first"), Thing("first")]
    ensure(steps, lambda event: order.append(event.step) if event.state == "done" else None)
    assert order == ["first", "middle", "last"]


def test_steps_that_need_nothing_of_each_other_go_at_once():
    meeting = threading.Barrier(2)
    ensure([Thing("one", meets=meeting), Thing("two", meets=meeting)], lambda _: None)
    assert not meeting.broken


def test_an_error_ends_the_run_and_the_next_run_goes_on_there():
    first, second, third = (
        Thing("first"),
        Thing("second", "first", fails=True),
        Thing("third", "second"),
    )
    steps = [first, second, third]
    with pytest.raises(ClusterError, match="no"):
        ensure(steps, lambda _: None)
    assert third.applied_count == 0
    second.fails = False
    assert ensure(steps, lambda _: None).kept == ("first",)
    assert first.applied_count == 1


def test_the_story_is_told_in_order():
    told: list[StepEvent] = []
    with pytest.raises(ClusterError):
        ensure([Thing("one"), Thing("two", "one", fails=True)], told.append)
    assert [(event.step, event.state, event.note) for event in told] == [
        ("one", "checking", ""),
        ("one", "applying", "missing"),
        ("one", "progress", "half way"),
        ("one", "done", "made"),
        ("two", "checking", ""),
        ("two", "applying", "missing"),
        ("two", "progress", "half way"),
        ("two", "failed", "no"),
    ]


def test_needs_that_nobody_gives_are_our_own_mistake():
    with pytest.raises(AssertionError, match="lonely"):
        ensure([Thing("lonely", "nobody")], lambda _: None)


def test_what_failed_is_told_with_its_cure_and_its_evidence():
    told: list[StepEvent] = []
    with pytest.raises(ClusterError):
        ensure([Thing("one", fails=True)], told.append)
    assert (told[-1].state, told[-1].note, told[-1].cure) == ("failed", "no", "yes")


def test_no_step_begins_after_an_error_even_if_it_could_have():
    started: list[str] = []
    steps = [Thing("bad", fails=True), *(Thing(f"good{n}") for n in range(5))]
    with pytest.raises(ClusterError):
        ensure(steps, lambda event: started.append(event.step), workers_max=1)
    assert set(started) == {"bad"}


def test_whoever_interrupts_is_told_to_the_steps_under_way():
    stop = threading.Event()
    step = Thing("one", meets=stop)

    def interrupt(event: StepEvent) -> None:
        if event.state == "progress":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ensure([step], interrupt, on_interrupt=stop.set)
    assert stop.is_set()
