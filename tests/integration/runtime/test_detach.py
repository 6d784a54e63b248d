"""A detached platform is ready when `detach` returns, and gone when `stop_platform` does."""

from __future__ import annotations

import asyncio
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import short_folder
from tests.ports import free_port
from tests.users import environment, program
from tests.waiting import eventually
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.detach import detach, stop_platform
from tiketi_platform.runtime.errors import ChildError, FolderInUseError
from tiketi_platform.runtime.readiness import is_ready
from tiketi_platform.runtime.record import PlatformRecord

_PLATFORM = Path(__file__).with_name("platform_program.py")


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    with short_folder() as path:
        folder = DataFolder(path)
        yield folder
        asyncio.run(stop_platform(path))


@pytest.fixture
def ports() -> list[int]:
    return [free_port(), free_port()]


async def _up(folder: DataFolder, ports: list[int]) -> PlatformRecord:
    argv = program(_PLATFORM, str(folder.path), *map(str, ports))
    return await detach(
        folder,
        argv,
        env=environment(),
        ready_urls=[_url(port) for port in ports],
    )


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/health/ready"


async def test_up_and_down(folder: DataFolder, ports: list[int]):
    record = await _up(folder, ports)
    assert record.is_running()
    assert set(record.processes) == {"postgres", "valkey", *(f"service{port}" for port in ports)}
    assert all(process.is_alive() for process in record.processes.values())
    assert all(is_ready(_url(port)) for port in ports)
    with pytest.raises(FolderInUseError):
        await _up(folder, ports)
    stopped = await stop_platform(folder.path)
    assert (stopped.was_running, stopped.was_killed, stopped.leftovers_count) == (True, False, 0)
    assert not any(process.is_alive() for process in record.processes.values())
    assert folder.read_record() is None
    again = await stop_platform(folder.path)
    assert (again.was_running, again.leftovers_count) == (False, 0)


async def test_nothing_survives_a_killed_platform_and_the_next_one_starts(
    folder: DataFolder, ports: list[int]
):
    first = await _up(folder, ports)
    first.parent.send(signal.SIGKILL)
    await eventually(lambda: not any(p.is_alive() for p in first.processes.values()))
    assert folder.owner() is None
    second = await _up(folder, ports)
    assert second.parent.pid != first.parent.pid
    assert second.is_running()


async def test_stop_ends_what_outlived_a_killed_platform(folder: DataFolder, ports: list[int]):
    record = await _up(folder, ports)
    frozen = record.processes["valkey"]
    frozen.send(signal.SIGSTOP)
    record.parent.send(signal.SIGKILL)
    await eventually(lambda: folder.owner() is None)
    assert frozen.is_alive()
    stopped = await stop_platform(folder.path)
    assert not stopped.was_running
    assert stopped.leftovers_count >= 1
    assert not frozen.is_alive()


async def test_a_platform_that_does_not_listen_is_killed(folder: DataFolder, ports: list[int]):
    record = await _up(folder, ports)
    record.parent.send(signal.SIGSTOP)
    stopped = await stop_platform(folder.path, timeout_s=0.5)
    assert stopped.was_killed
    assert not record.is_running()
    assert not any(process.is_alive() for process in record.processes.values())


async def test_a_dead_service_is_started_again(folder: DataFolder, ports: list[int]):
    record = await _up(folder, ports)
    name = f"service{ports[0]}"
    record.processes[name].send(signal.SIGKILL)

    def renewed() -> bool:
        now = folder.read_record()
        return now is not None and now.processes.get(name) not in {None, record.processes[name]}

    await eventually(renewed)
    await eventually(lambda: is_ready(_url(ports[0])))


async def test_a_dead_engine_is_started_again_on_its_port(folder: DataFolder, ports: list[int]):
    record = await _up(folder, ports)
    for name in ("postgres", "valkey"):
        record.processes[name].send(signal.SIGKILL)

    def renewed() -> bool:
        now = folder.read_record()
        return now is not None and all(
            now.processes.get(name) not in {None, record.processes[name]}
            for name in ("postgres", "valkey")
        )

    await eventually(renewed)
    now = folder.read_record()
    assert now is not None
    assert now.ports == record.ports


async def test_a_platform_that_cannot_start_says_why_and_leaves_nothing(
    folder: DataFolder, ports: list[int]
):
    argv = program(_PLATFORM, str(folder.path), *map(str, ports))
    with pytest.raises(ChildError, match="this service cannot start"):
        await detach(folder, argv, env={**environment(), "FAIL": "1"})
    assert folder.owner() is None
    assert (await stop_platform(folder.path)).leftovers_count == 0


async def test_a_platform_that_is_not_ready_in_time_is_stopped(folder: DataFolder):
    with pytest.raises(ChildError, match="not ready after"):
        await detach(folder, ["/bin/sleep", "60"], timeout_s=0.3)
    assert folder.owner() is None


def test_stopping_where_nothing_ever_ran_creates_nothing(tmp_path: Path):
    path = tmp_path / "never"
    assert not asyncio.run(stop_platform(path)).was_running
    assert list(tmp_path.iterdir()) == []


async def test_logs_are_the_owners_alone(folder: DataFolder, ports: list[int]):
    await _up(folder, ports)
    logs = list(folder.logs.iterdir())
    assert {log.name for log in logs} >= {"platform.log", "postgres.log", "valkey.log"}
    assert all(stat.S_IMODE(log.stat().st_mode) == 0o600 for log in logs)
