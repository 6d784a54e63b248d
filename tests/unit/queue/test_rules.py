"""What clients are told, and the rules that need no store to be seen."""

from __future__ import annotations

import pytest

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Admitted, Policy, PolicyChange, Refusal, RoomState, Waiting
from tiketi_core.queue.rules import POLL_MS_MAX, POLL_MS_MIN, ReferenceRoom, eta_s, next_poll_ms

NOW_MS = 1_800_000_000_000


def people(first, last):
    return [UserId(number) for number in range(first, last + 1)]


def room(**policy):
    return ReferenceRoom(NOW_MS, Policy(**policy))


def test_no_pace_no_promise():
    assert eta_s(1, 0) is None


@pytest.mark.parametrize(
    ("position", "pace_milli", "seconds"), [(1, 1_000, 1.0), (50, 100_000, 0.5), (3, 2_000, 1.5)]
)
def test_eta_is_position_by_pace(position, pace_milli, seconds):
    assert eta_s(position, pace_milli) == seconds


def test_polls_are_closer_together_near_the_front():
    polls = [next_poll_ms(position, 10_000, grace_s=60) for position in (1, 100, 1_000, 10_000)]
    assert polls == [POLL_MS_MIN, 1_000, 10_000, POLL_MS_MAX]


def test_polls_never_let_the_grace_run_out():
    assert next_poll_ms(1_000_000, 1_000, grace_s=4) == 2_000


def test_the_bucket_gives_a_second_at_once_and_then_the_rate():
    line = room(capacity=1_000, admit_per_second=10)
    answers = line.enter(people(1, 15), NOW_MS)
    assert [type(answer) for answer in answers] == [Admitted] * 10 + [Waiting] * 5
    assert line.admit(NOW_MS + 99).admitted_count == 0
    assert line.admit(NOW_MS + 100).admitted_count == 1
    assert line.admit(NOW_MS + 399).admitted_count == 2
    assert line.admit(NOW_MS + 400).admitted_count == 1


def test_pumping_often_earns_no_more_than_pumping_seldom():
    often, seldom = (
        ReferenceRoom(NOW_MS, Policy(capacity=1_000, admit_per_second=3)) for _ in range(2)
    )
    for line in (often, seldom):
        line.enter(people(1, 100), NOW_MS)
    for at_ms in range(NOW_MS, NOW_MS + 20_000, 7):
        often.status(UserId(100), at_ms)
        often.admit(at_ms)
    for at_ms in range(NOW_MS, NOW_MS + 20_000, 300):
        seldom.admit(at_ms)
    seldom.admit(NOW_MS + 19_999)
    assert often.totals["admitted"] == seldom.totals["admitted"] == 3 + 59


def test_a_lowered_capacity_ends_no_session_and_admits_nobody_until_enough_left():
    line = room(capacity=4)
    line.enter(people(1, 6), NOW_MS)
    line.set_policy(PolicyChange(capacity=2), NOW_MS)
    assert len(line.sessions) == 4
    for user in (1, 2):
        line.leave(UserId(user), NOW_MS)
        assert list(line.waiting) == [5, 6]
    line.leave(UserId(3), NOW_MS)
    assert set(line.sessions) == {4, 5}


def test_closed_takes_nobody_and_keeps_who_is_there():
    line = room(capacity=1)
    line.enter(people(1, 2), NOW_MS)
    line.set_policy(PolicyChange(state=RoomState.CLOSED), NOW_MS)
    admitted, waiting, refused = line.enter(people(1, 3), NOW_MS)
    assert isinstance(admitted, Admitted)
    assert isinstance(waiting, Waiting)
    assert refused is Refusal.CLOSED
    line.leave(UserId(1), NOW_MS)
    assert list(line.waiting) == [2]


def test_full_refuses_newcomers_only():
    line = room(capacity=1, waiting_max=1)
    answers = line.enter([*people(1, 3), UserId(2)], NOW_MS)
    assert answers[2] is Refusal.FULL
    assert answers[3] == answers[1]


def test_silence_costs_the_place_when_it_is_reached_and_not_before():
    line = room(capacity=1, grace_s=10, session_ttl_s=3_600)
    line.enter(people(1, 3), NOW_MS)
    later_ms = NOW_MS + 60_000
    line.admit(later_ms)
    assert list(line.waiting) == [2, 3]
    line.status(UserId(3), later_ms)
    line.leave(UserId(1), later_ms)
    assert list(line.sessions) == [3]
    assert [row.kind for row in line.lines[-3:]] == ["left", "skipped", "admitted"]
