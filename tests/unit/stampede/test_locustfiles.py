"""Visitors for plain locust: one batch however many ask at once, renewed while its visitors may be about."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.users import REPOSITORY

# In a process of its own: importing locust changes the standard library of the one it is in.
PROGRAM = """
import gevent, gevent.event, json
from datetime import UTC, datetime
from tiketi_sdk.seeding import Crowd, CrowdMember
from tiketi_sdk.stampede.locustfiles import Company
from tiketi_sdk.stampede.plan import Plan

def crowd_of(life_s):
    def gather():
        gathered.append(life_s)
        gevent.sleep(0.01)
        members = tuple(CrowdMember(len(gathered) * 100 + n, "token", datetime.now(UTC)) for n in range(60))
        return Crowd(name="crowd", members=members, life_s=life_s)
    return gather

def plan(batch):
    return Plan(event_id=1, urls={}, users_count=60, seed=batch, patience_s=patience_s)

def keep(crowd):
    number = crowd.members[0].user_id // 100
    renewing.add(number)
    try:
        gevent.event.Event().wait()
    finally:
        renewing.discard(number)

told = {}
for name, life_s, patience_s, come in (("long", 900.0, 10, 50), ("short", 5.0, 10, 50), ("two", 900.0, 0, 61)):
    gathered, renewing = [], set()
    company = Company(crowd_of(life_s), plan, keep)
    greenlets = [gevent.spawn(company.next) for _ in range(come)]
    gevent.joinall(greenlets, raise_error=True)
    with gevent.Timeout(60):
        while renewing != {len(gathered)}:
            gevent.sleep(0.01)
    told[name] = [len(gathered), len({each.value.user_id for each in greenlets})]
print(json.dumps(told))
"""


def test_a_batch_is_made_once_for_all_who_ask_and_renewed_until_its_last_visitor_has_gone():
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"long": [1, 50], "short": [1, 50], "two": [2, 61]}
