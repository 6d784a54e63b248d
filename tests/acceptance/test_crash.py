"""Kills the platform in the middle of a sale: nothing survives, it starts again, and the books are right."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.stage import (
    OK,
    Stage,
    administrator,
    await_ready,
    descendants,
    free_ports,
    launch,
    log_of,
    patiently,
    running,
)
from tests.engines import short_folder
from tests.waiting import eventually
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.embedded import Mode
from tiketi_platform.runtime.engines.process import tail
from tiketi_sdk import Config, RetryPolicy, Tiketi, Timeouts, errors
from tiketi_sdk.audit import audit_event

BUYERS_COUNT = 6
KILLS: tuple[tuple[Mode, int], ...] = (("embedded", 1), ("processes", 6), ("embedded", 14))
"""How it runs, and after how many confirmed reservations it is killed: at the start, and in full swing."""
RECOVERY_S = 120.0
LEASE_MS = "3000"
"""What the dead had to themselves is free again soon, so that nobody waits a minute here."""


class Crowd:
    """Threads that buy one seat after another, each as a new user, until the platform is gone."""

    def __init__(self, stage: Stage, event_id: int) -> None:
        self._event_id = event_id
        self._users = iter(stage.admin.auth.provision(prefix=_prefix(), count=200).items)
        self._lock = threading.Lock()
        self._config = Config(
            urls=stage.config.urls,
            retries=RetryPolicy(retries_max=0),
            timeouts=Timeouts(request_s=30),
        )
        self._stopped = threading.Event()
        self.confirmed: list[int] = []
        """Reservations that were answered as confirmed."""
        self._threads = [threading.Thread(target=self._buy_on) for _ in range(BUYERS_COUNT)]

    @contextmanager
    def buying(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in self._threads:
                thread.join()

    def _buy_on(self) -> None:
        with Tiketi(config=self._config) as connections:
            while not self._stopped.is_set():
                with self._lock:
                    user = next(self._users)
                try:
                    self._buy(connections.as_user(user.token))
                except (errors.TiketiError, OSError):
                    # It dies while we buy: that is the point.
                    return

    def _buy(self, client: Tiketi) -> None:
        client.queue.wait_until_admitted(self._event_id, timeout_s=60)
        held = client.reservations.create(self._event_id, best_available=1)
        client.payments.create(held, card_amount=held.total_price, pg_token=OK)
        if client.reservations.wait_until_settled(held.id).status == "CONFIRMED":
            self.confirmed.append(held.id)


def _prefix() -> str:
    return f"crash{secrets.token_hex(4)}"


async def test_killed_in_the_middle_of_a_sale():
    with short_folder() as place:
        path = place / "data"
        event_id: int | None = None
        promised: list[int] = []
        for mode, sold in KILLS:
            event_id = await _sell_until_killed(path, mode, event_id, sold, promised)
        with running(path, TIKETI_LEASE_MS=LEASE_MS) as stage:
            assert event_id is not None
            _recovers(stage.admin, event_id)
            living = {
                row.reservation_id
                for row in stage.admin.audit.reservations(event_id)
                if row.status == "CONFIRMED"
            }
            # What was answered as sold is sold, whatever happened the moment after.
            assert set(promised) <= living
            _sells(stage, event_id)


async def _sell_until_killed(
    path: Path, mode: Mode, event_id: int | None, sold: int, promised: list[int]
) -> int:
    ports, sandbox_ports = free_ports()
    process = launch(path, ports, sandbox_ports, mode=mode, TIKETI_LEASE_MS=LEASE_MS)
    try:
        await_ready(path, ports, process)
        with administrator(path, ports) as admin:
            stage = Stage(
                path=path,
                ports=ports,
                sandbox_ports=sandbox_ports,
                process=process,
                admin=admin,
            )
            if event_id is None:
                event_id = stage.concert(capacity=50).id
            crowd = Crowd(stage, event_id)
            with crowd.buying():
                await eventually(lambda: len(crowd.confirmed) >= sold)
                family = descendants(process.pid)
                process.kill()
                process.wait()
            promised += crowd.confirmed
    finally:
        process.kill()
    await eventually(lambda: not any(member.is_alive() for member in family))
    assert DataFolder(path).owner() is None
    return event_id


def _recovers(admin: Tiketi, event_id: int) -> None:
    """In bounded time the audit has nothing to say."""

    def clean() -> bool:
        report = audit_event(admin, event_id, settle_s=RECOVERY_S)
        found[:] = [f.summary for check in report.checks for f in check.findings]
        return report.passed

    found: list[str] = []
    try:
        patiently(clean, timeout_s=RECOVERY_S)
    except AssertionError:
        raise AssertionError(found) from None


def _sells(stage: Stage, event_id: int) -> None:
    client = stage.visitors(1)[0]
    client.queue.wait_until_admitted(event_id, timeout_s=60)
    held = client.reservations.create(event_id, best_available=1)
    client.payments.create(held, card_amount=held.total_price, pg_token=OK)
    assert client.reservations.wait_until_settled(held.id).status == "CONFIRMED"


async def test_killed_while_it_starts():
    """Whichever step it dies in, nothing is left and the next start works."""
    with short_folder() as place:
        path = place / "data"
        for marker in (
            "secrets/postgres-superuser",
            "postgres/data/postmaster.pid",
            "keys/auth.pem",
        ):
            ports, sandbox_ports = free_ports()
            process = launch(path, ports, sandbox_ports)
            try:
                await eventually(lambda: _has(path, marker))  # noqa: B023  # run in this round only
                family = descendants(process.pid)
            finally:
                process.kill()
                process.wait()
            await eventually(lambda: not any(m.is_alive() for m in family))  # noqa: B023
        with running(path) as stage:
            event = stage.concert()
            _sells(stage, event.id)
        assert "Traceback" not in tail(log_of(path))


def _has(path: Path, marker: str) -> bool:
    return any(itertools.islice(path.glob(marker), 1))
