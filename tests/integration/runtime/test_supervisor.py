"""The supervisor gives up on what keeps dying, and stops what will not stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import engine_folder
from tests.ports import free_port
from tests.waiting import PATIENCE_S
from tiketi_platform.runtime import children
from tiketi_platform.runtime.children import Child, ChildProcess
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.errors import ChildError, LaunchError
from tiketi_platform.runtime.supervisor import Supervisor

_SERVICE = Path(__file__).with_name("service_program.py")


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    with engine_folder() as folder:
        yield folder


def _service(port: int, **env: str) -> Child:
    return Child(
        "service",
        [sys.executable, str(_SERVICE)],
        env={"PORT": str(port), **env},
        ready_url=f"http://127.0.0.1:{port}/health/ready",
    )


async def test_a_child_that_fails_at_its_start_is_named_with_its_log(folder: DataFolder):
    async with Supervisor(folder) as supervisor:
        with pytest.raises(ChildError, match="this service cannot start") as caught:
            await supervisor.add_children([_service(free_port(), FAIL="1")])
        assert str(folder.log("service")) in str(caught.value)


async def test_a_child_that_is_never_ready_is_reported(folder: DataFolder):
    child = Child("idle", ["/bin/sleep", "60"], ready_url=f"http://127.0.0.1:{free_port()}/")
    async with Supervisor(folder) as supervisor:
        with pytest.raises(LaunchError, match="not ready after"):
            await supervisor.add_children([child], ready_timeout_s=0.2)
    assert supervisor.processes == {}


async def test_a_child_that_keeps_dying_ends_the_watch(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
):
    # The real delays add up to six seconds.
    monkeypatch.setattr(children, "RESTART_DELAY_MAX_S", 0.01)
    async with Supervisor(folder) as supervisor:
        await supervisor.add_children([Child("brief", ["/bin/true"])])
        with pytest.raises(ChildError, match=f"died {children.DEATHS_MAX + 1} times"):
            async with asyncio.timeout(PATIENCE_S):
                await supervisor.run_until(asyncio.Event())


async def test_the_watch_ends_when_asked(folder: DataFolder):
    stop = asyncio.Event()
    async with Supervisor(folder) as supervisor:
        await supervisor.add_children([_service(free_port())])
        stop.set()
        await supervisor.run_until(stop)
        assert list(supervisor.processes) == ["service"]
        process = supervisor.processes["service"]
    assert not process.is_alive()


async def test_a_deaf_child_is_killed_after_its_drain(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
):
    # Nobody wants to wait ten seconds here.
    monkeypatch.setattr(children, "DRAIN_S", 0.2)
    async with Supervisor(folder) as supervisor:
        await supervisor.add_children([_service(free_port(), DEAF="1")])
        process = supervisor.processes["service"]
    assert not process.is_alive()


async def test_a_program_that_does_not_exist_says_so(folder: DataFolder):
    child = ChildProcess(Child("ghost", ["/nowhere/ghost"]), folder.log("ghost"))
    await child.start()
    assert child.process is not None
    assert await asyncio.to_thread(child.process.wait) == 72
    assert "cannot execute /nowhere/ghost" in folder.log("ghost").read_text()
    await child.stop()
