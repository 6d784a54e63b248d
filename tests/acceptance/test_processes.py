"""One process a service, servers of one's own, an ordinary user: the same platform in its other clothes."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path

import psutil
from redis.asyncio import Redis

from tests.acceptance.stage import OK, Stage, patiently, running
from tests.engines import Database
from tests.users import give_to_ordinary_user
from tiketi_platform.runtime.embedded import ready_urls
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.runtime.readiness import is_ready
from tiketi_platform.runtime.registry import NAMES
from tiketi_sdk.audit import audit_event


def buy(stage: Stage, event_id: int) -> None:
    """The main way, with points and card, up to the ticket."""
    client = stage.visitors(1, points=10_000)[0]
    client.queue.wait_until_admitted(event_id, timeout_s=60)
    held = client.reservations.create(event_id, best_available=1)
    card = held.total_price - 10_000
    client.payments.create(held, point_used=10_000, card_amount=card, pg_token=OK)
    assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"
    assert len(client.tickets.list(reservation_id=held.id).page().items) == 1


def assert_clean(stage: Stage, event_id: int) -> None:
    report = audit_event(stage.admin, event_id)
    assert report.passed, [f.summary for check in report.checks for f in check.findings]


def test_six_processes_and_one_that_dies():
    with running(mode="processes") as stage:
        event = stage.concert()
        buy(stage, event.id)
        record = stage.record
        assert set(NAMES) < set(record.processes)
        assert len({record.processes[name].pid for name in NAMES}) == len(NAMES)
        before = record.processes["reservation"]
        before.send(signal.SIGKILL)
        patiently(lambda: stage.record.processes.get("reservation") not in {None, before})
        patiently(lambda: is_ready(f"{stage.url('reservation')}/health/ready"))
        buy(stage, event.id)
        assert_clean(stage, event.id)


def test_engines_that_die_under_the_embedded_platform():
    with running() as stage:
        event = stage.concert()
        for name in ("postgres", "valkey"):
            buy(stage, event.id)
            # Settled first: what dies with a lease on it comes back when the lease ends, half a minute later.
            assert_clean(stage, event.id)
            before = stage.record.processes[name]
            before.send(signal.SIGKILL)
            patiently(lambda: stage.record.processes.get(name) not in {None, before})  # noqa: B023  # run in this round only
            patiently(lambda: all(is_ready(url) for url in ready_urls(stage.ports)))
        buy(stage, event.id)
        assert_clean(stage, event.id)


def test_servers_of_ones_own(postgres: Database, valkey: ValkeyServer):
    with running(TIKETI_POSTGRES_URL=postgres.superuser_dsn, TIKETI_REDIS_URL=valkey.url) as stage:
        assert not {"postgres", "valkey"} & set(stage.record.processes)
        event = stage.concert()
        buy(stage, event.id)
        assert_clean(stage, event.id)
        assert asyncio.run(_keys_count(valkey)) > 0


async def _keys_count(valkey: ValkeyServer) -> int:
    async with Redis.from_url(valkey.url) as redis:
        return int(await redis.dbsize())


def test_as_an_ordinary_user():
    with tempfile.TemporaryDirectory(prefix="tiketi-test-") as place:
        give_to_ordinary_user(Path(place))
        with running(Path(place) / "data", ordinary_user=True) as stage:
            owner = psutil.Process(stage.process.pid).uids().effective
            assert owner != 0
            family = psutil.Process(stage.process.pid).children(recursive=True)
            assert {member.uids().effective for member in family} == {owner}
            event = stage.concert()
            buy(stage, event.id)
            assert_clean(stage, event.id)
