"""Steps are checked before they are applied, in the order of their needs, and an error ends the run."""

from __future__ import annotations

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
