"""A run that cannot be trusted says so, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.stampede.made import results
from tiketi_sdk.stampede.results import Results
from tiketi_sdk.stampede.trust import doubts


def unwell(**changes) -> Results:
    good = results()
    return replace(good, health=replace(good.health, **changes))


def test_a_run_that_kept_up_is_trusted():
    assert doubts(results()) == ()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"late_ms": (1, 2, 3, 900, 901)}, "late"),
        ({"lag_ms": (1, 2, 3, 900, 901)}, "loop"),
        ({"cpu_percent": 99.0}, "core"),
        ({"crashes": ("3 × KeyError: 'x'",)}, "KeyError"),
        ({"local_errors_count": 50}, "could not be started"),
    ],
)
def test_an_unwell_generator_is_not(changes, word):
    (reason,) = doubts(unwell(**changes))
    assert word in reason


def test_lateness_counts_against_what_was_measured():
    slow = results(enter_ms=(100, 1_000, 3_000, 8_000, 9_000))
    assert doubts(replace(slow, health=replace(slow.health, late_ms=(1, 2, 3, 900, 901)))) == ()


def test_visits_that_were_cut_off_are_told():
    (reason,) = doubts(results(outcomes={"ticket": 90, "unfinished": 10}))
    assert "10 visits" in reason


def test_visits_that_nobody_counted_are_told():
    (reason,) = doubts(results(outcomes={"ticket": 90}))
    assert "90 endings" in reason
