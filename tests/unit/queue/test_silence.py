"""What is made of silence: of one, of a few, of a whole line; each room is plain data, and time is an argument."""

from __future__ import annotations

import pytest

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Policy, PolicyChange
from tiketi_core.queue.rules import ReferenceRoom
from tiketi_core.queue.rules._silence import HUSH_LINE_MIN, HUSH_MS_MAX

NOW_MS = 1_800_000_000_000
GRACE_MS = 30_000


def full_room(waiting_count):
    """A room with one inside, who stays, and so many in line."""
    room = ReferenceRoom(NOW_MS, Policy(capacity=1, grace_s=GRACE_MS // 1_000, session_ttl_s=3_600))
    return room, room.enter([UserId(user) for user in range(waiting_count + 1)], NOW_MS)[1:]


def nobody_gets_through(room, from_ms, until_ms):
    for at_ms in range(from_ms, until_ms, 500):
        room.admit(at_ms)


@pytest.mark.parametrize("away_ms", [GRACE_MS // 2 + 1, GRACE_MS + 1, HUSH_MS_MAX])
def test_an_outage_between_the_users_and_us_costs_nobody_the_place(away_ms):
    room, places = full_room(40)
    cut_ms = NOW_MS + places[0].next_poll_ms
    for user in range(2, 41):  # 1 is about to ask again
        room.status(UserId(user), cut_ms, polls=False)
    nobody_gets_through(room, cut_ms, cut_ms + GRACE_MS // 2)
    back_ms = cut_ms + away_ms
    room.set_policy(PolicyChange(capacity=5), cut_ms + GRACE_MS // 2)
    nobody_gets_through(room, cut_ms + GRACE_MS // 2, back_ms)
    assert set(room.sessions) == {0}, "nobody was let in who could not hear of it"
    room.status(UserId(40), back_ms)
    room.admit(back_ms)
    assert list(room.sessions) == [0, 1, 2, 3, 4]
    assert room.totals["skipped"] == 0


def test_a_line_that_is_silent_for_too_long_has_gone_away():
    room, _ = full_room(40)
    room.set_policy(PolicyChange(capacity=0), NOW_MS)
    nobody_gets_through(room, NOW_MS, NOW_MS + HUSH_MS_MAX)
    room.set_policy(PolicyChange(capacity=2), NOW_MS + HUSH_MS_MAX)
    assert len(room.waiting) == 40
    room.admit(NOW_MS + HUSH_MS_MAX + 1)
    assert not room.waiting


def test_one_who_is_there_makes_the_silence_of_the_others_count():
    room, places = full_room(40)
    gone_ms = NOW_MS + GRACE_MS + 1
    for at_ms in range(NOW_MS, gone_ms, places[0].next_poll_ms):
        room.status(UserId(40), at_ms)
        nobody_gets_through(room, at_ms, at_ms + places[0].next_poll_ms)
    room.leave(UserId(0), gone_ms)
    assert (room.totals["skipped"], set(room.sessions)) == (39, {40})


def test_of_a_few_silence_is_believed():
    room, _ = full_room(HUSH_LINE_MIN - 1)
    nobody_gets_through(room, NOW_MS, NOW_MS + GRACE_MS + 1)
    room.leave(UserId(0), NOW_MS + GRACE_MS + 1)
    assert room.totals["skipped"] == HUSH_LINE_MIN - 1
