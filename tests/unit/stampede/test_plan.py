"""A plan says beforehand who comes when and does what, the same each time."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tiketi_sdk.stampede.plan import Mix, Plan, Visitor

URLS = {"queue": "http://127.0.0.1:3003"}


def plan(**changes) -> Plan:
    return Plan(**{"event_id": 7, "urls": URLS, "users_count": 1_000, **changes})


def crowd(made: Plan) -> list[Visitor]:
    return made.visitors([(number, f"token{number}") for number in range(1, made.users_count + 1)])


def test_the_same_seed_gives_the_same_crowd_and_another_seed_another():
    assert crowd(plan(seed=3)) == crowd(plan(seed=3))
    assert crowd(plan(seed=3)) != crowd(plan(seed=4))


def test_each_user_comes_once_in_order_within_the_time_said():
    visitors = crowd(plan(arrive_within_s=5))
    assert [each.user_id for each in visitors] == list(range(1, 1_001))
    arrivals = [each.arrives_s for each in visitors]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= 0
    assert arrivals[-1] <= 5


def test_a_rush_comes_early_and_even_arrivals_do_not():
    rush = plan(arrive_within_s=10).arrivals_s()
    even = plan(arrive_within_s=10, arrival="even").arrivals_s()
    assert sum(each < 2.5 for each in rush) > 550
    assert 200 < sum(each < 2.5 for each in even) < 300


def test_all_may_come_in_the_same_instant():
    assert set(plan(arrive_within_s=0).arrivals_s()) == {0.0}


def test_the_parts_of_the_crowd_are_as_said():
    made = plan(
        users_count=10_000, mix=Mix(card=1, point=0, mixed=3), pairs_percent=30,
        chooses_percent=0, opens_percent=100, tempers={"gives_up": 10},
    )  # fmt: skip
    visitors = crowd(made)
    methods = Counter(each.method for each in visitors)
    assert methods["POINT"] == 0
    assert 2_300 < methods["CARD"] < 2_700
    assert 2_700 < sum(each.seats_count == 2 for each in visitors) < 3_300
    assert not any(each.chooses for each in visitors)
    assert all(each.opens for each in visitors)
    tempers = Counter(each.temper for each in visitors)
    assert tempers.keys() == {"gives_up", "steady"}
    assert 800 < tempers["gives_up"] < 1_200


def test_whoever_has_a_card_declined_has_one():
    visitors = crowd(plan(mix=Mix(card=0, point=1, mixed=0), tempers={"declined": 100}))
    assert {each.method for each in visitors} == {"CARD"}


def test_a_plan_survives_the_pipe():
    made = plan(mix=Mix(card=5, point=0, mixed=1), arrival="even", tempers={"rejoins": 4})
    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_tokens_are_not_shown():
    assert "token1" not in repr(crowd(plan(users_count=1)))


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("card=40,point=30,mixed=30", Mix()),
        ("point=1", Mix(card=0, point=1, mixed=0)),
        ("mixed=2, card=1", Mix(card=1, point=0, mixed=2)),
    ],
)
def test_a_mix_is_read(text, mix):
    assert Mix.parse(text) == mix


@pytest.mark.parametrize(
    "text", ["", "card", "card=-1", "card=0", "cash=3", "card=1.5", "card=1;point=2"]
)
def test_what_is_no_mix_is_refused(text):
    with pytest.raises(ValueError):
        Mix.parse(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"users_count": 0},
        {"users_count": 100_001},
        {"arrive_within_s": -1},
        {"arrive_within_s": 4_000},
        {"tempers": {"gives_up": 101}},
        {"tempers": {"angry": 1}},
    ],
)
def test_senseless_plans_are_refused(changes):
    with pytest.raises(ValueError):
        plan(**changes)


def test_too_few_users_are_refused():
    with pytest.raises(ValueError):
        plan(users_count=2).visitors([(1, "one")])
