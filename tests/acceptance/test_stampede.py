"""A crowd against the whole platform: everybody served or told why not, every seat sold once, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.acceptance.stage import Stage
from tests.users import REPOSITORY
from tiketi_sdk.audit import audit_event
from tiketi_sdk.contract.codes import Exit
from tiketi_sdk.errors import PermissionDeniedError
from tiketi_sdk.seeding import grant_points, provision_users, put_on_sale
from tiketi_sdk.stampede import LoadError, LoadProcess, Plan, Progress, Renewal, Results
from tiketi_sdk.stampede.process import parsed

USERS_COUNT = 150


def run(load: LoadProcess, plan: Plan, users: list[tuple[int, str]]) -> Results:
    *progress, results = list(load.run(plan, plan.visitors(users)))
    assert all(isinstance(each, Progress) for each in progress)
    assert isinstance(results, Results)
    return results


def crowd(platform: Stage, prefix: str, count: int) -> list[tuple[int, str]]:
    made = provision_users(platform.admin, prefix=prefix, count=count)
    grant_points(
        platform.admin, [each.user_id for each in made], amount=5_000_000, reference=prefix
    )
    return [(each.user_id, each.token) for each in made]


def test_a_crowd_is_served_and_the_books_are_right(platform: Stage):
    sale = put_on_sale(platform.admin, layout="small_theater", capacity=40)
    users = crowd(platform, "stampede", USERS_COUNT)
    plan = Plan(
        event_id=sale.event.id, urls=dict(platform.config.urls), users_count=USERS_COUNT,
        arrive_within_s=1, patience_s=150, ends_after_s=200, sockets_percent=50,
    )  # fmt: skip
    with LoadProcess() as load:
        results = run(load, plan, users)
    assert set(results.replies["socket.join"]) == {"ok"}
    assert results.samples == ()
    assert results.health.crashes == ()
    outcomes = Counter(results.outcomes)
    assert outcomes["ticket"] + outcomes["gave_up"] == USERS_COUNT, outcomes
    entered = results.step("queue.enter")
    assert entered is not None
    assert entered.count >= USERS_COUNT
    report = audit_event(platform.admin, sale.event.id)
    assert report.passed, report.to_json()
    # One reservation a visitor, with as many tickets as the visitors say they hold.
    assert report.confirmed_count == outcomes["ticket"]
    assert report.sold_count == results.last.tickets_count
    assert platform.admin.queue.stats(sale.event.id).admitted_max <= 40


def test_provisioning_belongs_to_administrators_and_repeats(platform: Stage):
    first = provision_users(platform.admin, prefix="repeated", count=3)
    again = provision_users(platform.admin, prefix="repeated", count=3)
    assert [each.user_id for each in first] == [each.user_id for each in again]
    assert grant_points(platform.admin, [first[0].user_id], amount=5, reference="once") == 1
    assert grant_points(platform.admin, [first[0].user_id], amount=5, reference="once") == 0
    with pytest.raises(PermissionDeniedError):
        provision_users(platform.client(first[0].token), prefix="mine", count=1)


def test_two_thousand_users_are_there_at_once(platform: Stage):
    made = provision_users(platform.admin, prefix="many", count=2_000)
    assert len({each.user_id for each in made}) == 2_000


def test_a_crowd_without_a_platform_fails_with_reasons():
    urls = dict.fromkeys(("queue", "reservation", "payment"), "http://127.0.0.1:9")
    plan = Plan(
        event_id=1, urls=urls, users_count=3, arrive_within_s=0, patience_s=5, ends_after_s=60
    )
    with LoadProcess() as load:
        results = run(load, plan, [(number, "token") for number in range(3)])
    assert results.outcomes == {"failed": 3}
    assert results.unexpected == {"queue.enter": {"connect": 3}}


def test_the_load_process_ends_with_its_block_and_with_its_parent():
    with LoadProcess() as load:
        process = psutil.Process(load.pid)
    assert not process.is_running()
    program = (
        "from tiketi_sdk.stampede import LoadProcess; import os, sys\n"
        "load = LoadProcess().__enter__(); print(load.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert parent.stdout is not None
    orphan = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([orphan], timeout=60)[1] == []
    for pipe in (parent.stdin, parent.stdout):
        assert pipe is not None
        pipe.close()


def test_a_load_process_that_dies_is_told_of():
    plan = Plan(event_id=1, urls={}, users_count=1)
    with LoadProcess() as load:
        psutil.Process(load.pid).kill()
        with pytest.raises(LoadError):
            list(load.run(plan, plan.visitors([(1, "token")])))


def test_the_command_reports_on_the_terminal_and_as_a_page(
    platform: Stage, cli_environ: dict[str, str], tmp_path: Path
):
    sale = put_on_sale(platform.admin, layout="small_theater", capacity=50)
    page = tmp_path / "report.html"
    arguments = [str(sale.event.id), "--users", "20", "--arrive-within", "0.5", "--html", str(page)]
    ended = _command(cli_environ, tmp_path, *arguments, "--json", "--yes")
    told = json.loads(ended.stdout)
    assert ended.returncode == (Exit.OK if told["passed"] else Exit.FAILED), ended.stderr
    assert told["results"]["samples"] == []
    assert told["audit"]["passed"]
    assert told["verdict"] in ended.stderr
    assert told["verdict"] in page.read_text("utf-8")
    tokens = [line for line in (ended.stdout + ended.stderr).splitlines() if "eyJ" in line]
    assert tokens == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--users", "5"], Exit.USAGE),  # nobody there to ask
        (["--users", "5", "--mix", "cash=1", "--yes"], Exit.USAGE),
        (["--users", "5", "--html", "no/such/folder/x.html", "--yes"], Exit.USAGE),
    ],
)
def test_senseless_commands_change_nothing(
    platform: Stage, cli_environ: dict[str, str], tmp_path: Path, arguments, status
):
    event = platform.concert()
    ended = _command(cli_environ, tmp_path, str(event.id), *arguments)
    assert ended.returncode == status, ended.stderr
    assert platform.admin.queue.stats(event.id).entered_total == 0


def said_by_locust(locustfile: str, event_id: int, environ: dict[str, str], *options: str) -> str:
    """What a run without its page says, which must end well."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(REPOSITORY / "loadtests" / locustfile)),
            *("--headless", "--only-summary", "--event", str(event_id), *options),
        ],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stderr + ended.stdout


def test_an_unknown_event_is_told(platform: Stage, cli_environ: dict[str, str], tmp_path: Path):
    assert _command(cli_environ, tmp_path, "987654", "--yes").returncode == Exit.NOT_FOUND


def test_plain_locust_drives_the_same_visits(platform: Stage, cli_environ: dict[str, str]):
    event = platform.concert(capacity=50)
    # So short that nobody waits, and longer where the machine was too busy for a whole visit.
    told = ""
    for seconds in (8, 40, 120):
        told = said_by_locust(
            "queue_stampede.py", event.id, cli_environ, "-u", "10", "-r", "10", "-t", f"{seconds}s"
        )
        if "VISIT" in told:
            break
    for name in ("queue.enter", "reservations.create", "payments.create", "VISIT"):
        assert name in told
    assert platform.admin.queue.stats(event.id).admitted_total > 0


def test_locust_drives_the_crowd_of_a_schedule(platform: Stage, cli_environ: dict[str, str]):
    event = platform.concert(capacity=4)
    crowd = ("-u", "16", "--arrive-within", "0", "--sockets", "100")
    told = said_by_locust("arrivals.py", event.id, cli_environ, *crowd)
    assert "unexpected:" not in told
    assert "felt waiting_socket: " in told
    log = platform.admin.audit.admissions(event.id)
    assert len({line.user_id for line in log if line.kind == "entered"}) == 16
    assert audit_event(platform.admin, event.id).passed


def test_visits_outlast_the_tokens_they_began_with(platform: Stage):
    event = platform.concert(capacity=50)
    users = crowd(platform, "outlasting", 5)
    known = dict(users)
    # Late enough that new tokens have come, and later where the machine was too busy for that.
    results: Results | Progress | None = None
    for arrives_s in (4, 20, 90):
        plan = Plan(
            event_id=event.id, urls=dict(platform.config.urls), users_count=5, arrive_within_s=0,
            patience_s=150, ends_after_s=200, tempers={},
        )  # fmt: skip
        visitors = [
            replace(each, token="ended", arrives_s=arrives_s) for each in plan.visitors(users)
        ]
        renewal = Renewal(every_s=0.1, tokens=lambda: known)
        with LoadProcess() as load:
            *_, results = list(load.run(plan, visitors, renewal=renewal))
        assert isinstance(results, Results)
        if results.outcomes == {"ticket": 5}:
            break
    assert isinstance(results, Results)
    assert results.outcomes == {"ticket": 5}, results.samples


def test_a_line_that_is_no_report_is_told_of():
    assert parsed(b'{"kind": "ready"}\n') == {"kind": "ready"}
    for line in (b"Traceback\n", b"3\n", b'{"a": 1}\n'):
        assert parsed(line)["kind"] == "nonsense"


def _command(
    environ: dict[str, str], folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tiketi_cli", "queue", "stampede", *arguments],
        env=environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
