"""What clients are told, and the rules that need no store to be seen."""

from __future__ import annotations

import heapq
import random
from collections import Counter

import pytest

from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.draw import DrawSecrets, draw
from tiketi_core.queue.errors import LineFormedError
from tiketi_core.queue.model import (
    Admitted,
    Gathered,
    Policy,
    PolicyChange,
    Refusal,
    RoomState,
    TooEarly,
    Waiting,
)
from tiketi_core.queue.polls import POLL_MS_MAX, POLL_MS_MIN, Pace, next_poll_ms
from tiketi_core.queue.rules import ReferenceRoom

NOW_MS = 1_800_000_000_000


def people(first, last):
    return [UserId(number) for number in range(first, last + 1)]


def room(**policy):
    return ReferenceRoom(NOW_MS, Policy(**policy))


def paced(per_window, *, windows=1):
    """A pace of so many admissions in each of the last windows, seen at the end of the last."""
    pace = Pace(since_ms=NOW_MS)
    for window in range(windows):
        pace.count(NOW_MS + window * 10_000, per_window)
    return pace, NOW_MS + windows * 10_000 - 1


RATE = 1_000_000
"""More than anybody here is let in with: the pace alone decides."""


def test_the_promise_counts_on_no_more_than_the_policy_lets_in():
    pace, now_ms = paced(100)
    assert pace.eta_ms(100, now_ms, rate_milli=5_000)[0] == 20_000


def test_no_pace_no_promise():
    assert Pace().eta_ms(1, NOW_MS, rate_milli=RATE) == (-1, -1)


def test_eta_is_position_by_pace_and_the_promise_leaves_room_for_chance():
    pace, now_ms = paced(100, windows=3)
    median_ms, late_ms = pace.eta_ms(100, now_ms, rate_milli=RATE)
    assert median_ms == pytest.approx(10_000, rel=0.01)
    assert 11_000 < late_ms < 14_000
    assert pace.eta_ms(1, now_ms, rate_milli=RATE)[1] < 1_500


def test_the_promise_goes_by_the_slowest_window_but_not_without_end():
    pace, now_ms = paced(100, windows=2)
    pace.count(now_ms + 1, 1_000)
    median_ms, late_ms = pace.eta_ms(1_000, now_ms + 9_999, rate_milli=RATE)
    assert late_ms > 3 * median_ms
    assert late_ms < 5 * median_ms


def test_polls_are_closer_together_near_the_front():
    polls = [next_poll_ms(position, 10_000, grace_s=60) for position in (1, 100, 400, 10_000)]
    assert polls == [POLL_MS_MIN, 2_500, 10_000, POLL_MS_MAX]


def test_polls_never_let_the_grace_run_out():
    assert next_poll_ms(1_000_000, 1_000, grace_s=5) == 2_000


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
        often.status(UserId(100), at_ms, polls=False)
        often.admit(at_ms)
    for at_ms in range(NOW_MS, NOW_MS + 20_000, 300):
        seldom.status(UserId(100), at_ms, polls=False)
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


def test_a_poll_before_its_time_is_refused_counts_as_life_and_does_not_move_the_time():
    line = room(capacity=0, grace_s=10)
    (place,) = line.enter(people(1, 1), NOW_MS)
    due_ms = NOW_MS + place.next_poll_ms
    for at_ms in (NOW_MS, NOW_MS + 100, due_ms - 251):
        early = line.status(UserId(1), at_ms)
        assert early == TooEarly(due_ms - at_ms)
    assert line.seen[UserId(1)].at_ms == due_ms - 251
    assert isinstance(line.status(UserId(1), due_ms - 250), Waiting)
    assert isinstance(line.status(UserId(1), due_ms - 250, polls=False), Waiting)


def test_entering_and_leaving_over_and_over_has_an_end():
    line = room(capacity=0)
    answers = []
    for _ in range(30):
        answers += line.enter(people(1, 1), NOW_MS)
        line.leave(UserId(1), NOW_MS)
    assert sum(isinstance(answer, Waiting) for answer in answers) == 20
    assert answers[-1] is Refusal.TOO_OFTEN
    assert isinstance(line.enter(people(1, 1), NOW_MS + 10_000)[0], Waiting)


SECRETS = DrawSecrets(b"seed" * 8, b"salt" * 8)
EVENT = EventId(42)


def test_before_the_opening_there_is_no_order_and_after_it_nobody_walks_past_the_drawn():
    line = room(capacity=2)
    line.set_policy(PolicyChange(opens_at_ms=NOW_MS + 1_000), NOW_MS)
    answers = line.enter(people(1, 5), NOW_MS)
    assert [type(answer) for answer in answers] == [Gathered] * 5
    (late,) = line.enter(people(9, 9), NOW_MS + 1_000)
    assert (late.number, late.position) == (6, 6)
    assert isinstance(line.status(UserId(1), NOW_MS + 1_000, polls=False), Gathered)
    assert line.admit(NOW_MS + 1_001).drawing
    assert line.draw(SECRETS, EVENT, NOW_MS + 1_002)
    assert not line.draw(SECRETS, EVENT, NOW_MS + 1_003)
    drawn = [user for user, _ in draw(SECRETS, EVENT, people(1, 5))]
    assert [*line.sessions, *line.waiting] == [*drawn, 9]
    with pytest.raises(LineFormedError):
        line.set_policy(PolicyChange(opens_at_ms=NOW_MS + 9_000), NOW_MS + 1_004)


def test_a_draw_is_fair():
    """Each of ten users comes first about as often as any other: chi squared, 9 degrees of freedom."""
    firsts = Counter(
        draw(DrawSecrets(n.to_bytes(32, "big"), b"s" * 32), EVENT, people(1, 10))[0][0]
        for n in range(2_000)
    )
    chi_squared = sum((firsts[user] - 200) ** 2 / 200 for user in people(1, 10))
    assert chi_squared < 27.9  # one in a thousand would be larger


def test_one_more_who_gathers_mixes_everybody_anew():
    some = [user for user, _ in draw(SECRETS, EVENT, people(1, 50))]
    more = [user for user, _ in draw(SECRETS, EVENT, people(1, 51)) if user != 51]
    assert some != more


def test_silence_costs_the_place_when_it_is_reached_and_not_before():
    line = room(capacity=1, grace_s=10, session_ttl_s=3_600)
    line.enter(people(1, 3), NOW_MS)
    later_ms = NOW_MS + 60_000
    for at_ms in range(NOW_MS, later_ms, 200):
        line.admit(at_ms)
    assert list(line.waiting) == [2, 3]
    line.status(UserId(3), later_ms)
    line.leave(UserId(1), later_ms)
    assert list(line.sessions) == [3]
    assert [row.kind for row in line.lines[-3:]] == ["left", "skipped", "admitted"]


@pytest.mark.parametrize("first", ["leave", "admit", "set_policy"])
def test_an_outage_longer_than_the_grace_costs_nobody_the_place(first):
    line = room(capacity=1, grace_s=30, session_ttl_s=3_600)
    line.enter(people(1, 3_000), NOW_MS)
    line.admit(NOW_MS)
    back_ms = NOW_MS + 31_000
    match first:
        case "leave":
            line.leave(UserId(1), back_ms)
        case "admit":
            line.admit(back_ms)
        case "set_policy":
            line.set_policy(PolicyChange(capacity=2), back_ms)
    line.leave(UserId(1), back_ms)
    for at_ms in range(back_ms, back_ms + 30_000, 200):
        line.status(UserId(3_000), at_ms)
        line.admit(at_ms)
    assert line.totals["skipped"] == 0
    assert 2 in line.sessions
    # Whoever says nothing for a whole grace after that has gone away.
    for at_ms in range(back_ms + 30_000, back_ms + 31_000, 200):
        line.status(UserId(3_000), at_ms)
        line.admit(at_ms)
    line.leave(UserId(2), back_ms + 31_000)
    assert line.totals["skipped"] > 0


def promised(line):
    """A line of ten behind one session, all of whom were promised a time; when the last of these is."""
    line.enter(people(0, 0), NOW_MS)
    line.leave(UserId(0), NOW_MS)
    line.enter(people(1, 11), NOW_MS)
    return max(seen.promised_ms for seen in line.seen.values())


def test_filling_an_empty_room_promises_nothing_to_those_behind_it():
    line = room(capacity=100, admit_per_second=1_000)
    answers = line.enter(people(1, 500), NOW_MS)
    assert {(each.eta_ms, each.eta_late_ms) for each in answers[100:]} == {(-1, -1)}
    assert line.status(UserId(500), NOW_MS, polls=False).eta_late_ms == -1


@pytest.mark.parametrize("arrival_ms", [2, 20])
def test_a_crowd_behind_a_room_that_filled_at_once_is_promised_what_is_kept(arrival_ms):
    """A thousand within seconds, a hundred inside, each for half a minute in the middle; nine of ten, about."""
    chance = random.Random(1)  # spreads the crowd, guards nothing
    line = room(capacity=100, admit_per_second=1_000, grace_s=60)
    due = [(NOW_MS + user * arrival_ms, user) for user in range(1_000)]
    inside: set[UserId] = set()
    at_ms = NOW_MS
    while line.totals["admitted"] < 1_000:
        at_ms += 200
        while due and due[0][0] <= at_ms:
            then_ms, user = heapq.heappop(due)
            if user in inside:
                line.leave(UserId(user), then_ms)
                continue
            place = line.enter([UserId(user)], then_ms)[0]
            if isinstance(place, Waiting):
                heapq.heappush(due, (then_ms + place.next_poll_ms, user))
        line.admit(at_ms)
        for user in line.sessions.keys() - inside:
            stay_ms = 1_000 + int(chance.expovariate(1 / 30_000))
            heapq.heappush(due, (at_ms + stay_ms, user))
        inside |= line.sessions.keys()
    assert line.totals["promises"] > 800
    assert line.totals["promises_kept"] > 0.85 * line.totals["promises"]


def test_a_stalled_room_keeps_no_promise():
    line = room(capacity=1, grace_s=3_600)
    last_ms = promised(line)
    line.status(UserId(11), last_ms, polls=False)
    assert line.totals["promises"] == 0, "it is good until its moment has passed"
    for _ in range(2):
        for user in people(8, 11):
            line.status(user, last_ms + 1, polls=False)
    assert (line.totals["promises"], line.totals["promises_kept"]) == (4, 0)
    for user in (11, 7):
        line.leave(UserId(user), last_ms + 1)
    assert (line.totals["promises"], line.totals["promises_kept"]) == (5, 0)


def test_who_is_passed_over_was_not_let_in_as_promised():
    line = room(capacity=1, grace_s=5)
    promised(line)
    for at_ms in range(NOW_MS, NOW_MS + 6_000, 200):
        line.status(UserId(1), at_ms)
        line.admit(at_ms)
    line.leave(UserId(1), NOW_MS + 6_000)
    assert line.totals["skipped"] == 10
    assert (line.totals["promises"], line.totals["promises_kept"]) == (10, 0)
