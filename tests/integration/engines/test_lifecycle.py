"""Engines start cold and warm, and die with whoever started them, as root and as anyone else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from tests.users import as_ordinary_user, environment, give_to_ordinary_user, program
from tests.waiting import eventually
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.replies import bulks
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.process import ProcessId, processes_in

_PARENT = Path(__file__).with_name("parent.py")


@dataclass(frozen=True, slots=True)
class Running:
    process: subprocess.Popen[str]
    dsn: str
    url: str
    nearest_dsn: str
    nearest_url: str
    uid: int
    engines: list[ProcessId]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, slots=True)
class User:
    """As whom the engines are started, and where."""

    wrap: Callable[[list[str]], list[str]]
    folder: Path
    arguments: tuple[str, ...] = ()

    @contextmanager
    def platform(self) -> Iterator[Running]:
        argv = self.wrap(program(_PARENT, str(self.folder), *self.arguments))
        with subprocess.Popen(
            argv, stdout=subprocess.PIPE, text=True, env=environment(), cwd="/"
        ) as process:
            assert process.stdout is not None
            try:
                facts = json.loads(process.stdout.readline())
                engines = [ProcessId.of(pid) for pid in facts["pids"]]
                yield Running(
                    process,
                    facts["dsn"],
                    facts["url"],
                    facts["nearest_dsn"],
                    facts["nearest_url"],
                    facts["uid"],
                    [engine for engine in engines if engine is not None],
                )
            finally:
                process.terminate()
                process.wait()

    def engines(self) -> list[ProcessId]:
        return [
            *processes_in(self.folder / "postgres" / "data", ["postgres"]),
            *processes_in(self.folder / "valkey", ["valkey-server"]),
        ]


_USERS = ["as we are", "ordinary user", "root without namespaces"]
every_user = pytest.mark.parametrize("user", _USERS, indirect=True)
as_we_are = pytest.mark.parametrize("user", _USERS[:1], indirect=True)


@pytest.fixture
def user(request: pytest.FixtureRequest) -> Iterator[User]:
    with tempfile.TemporaryDirectory(prefix="tiketi-test-") as home:
        folder = Path(home) / "data of a user"
        if request.param == "ordinary user":
            give_to_ordinary_user(Path(home))
            yield User(as_ordinary_user, folder)
        elif request.param == "root without namespaces" and os.geteuid() == 0:
            yield User(list, folder, ("nobody",))
            data = DataFolder(folder)
            with data.lock():
                data.reset()
        else:
            yield User(list, folder)


async def _write(running: Running, value: int) -> None:
    connection = await asyncpg.connect(running.dsn)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        await connection.execute("INSERT INTO kept VALUES ($1)", value)
    finally:
        await connection.close()
    client = Redis.from_url(running.url)
    await client.rpush("kept", value)
    await client.aclose()


async def _kept(running: Running) -> tuple[list[int], list[int]]:
    """What was written over loopback, read as services do: by the shortest way there is."""
    connection = await asyncpg.connect(running.nearest_dsn)
    try:
        rows = [row["value"] for row in await connection.fetch("SELECT value FROM kept")]
        assert await connection.fetchval("SELECT inet_server_addr()") is None, "not by a socket"
    finally:
        await connection.close()
    assert running.nearest_url.startswith("unix://")
    async with await RedisClient.connect(running.nearest_url) as client:
        values = bulks(await client.execute("LRANGE", "kept", 0, -1))
    return rows, [int(value) for value in values]


@every_user
async def test_data_is_kept_by_a_stop_and_by_a_kill(user: User):
    with user.platform() as running:
        await _write(running, 1)
    assert user.engines() == []
    with user.platform() as running:
        assert await _kept(running) == ([1], [1])
        await _write(running, 2)
        running.kill()
        await eventually(lambda: not any(engine.is_alive() for engine in running.engines))
        await eventually(lambda: user.engines() == [])
    with user.platform() as running:
        assert await _kept(running) == ([1, 2], [1, 2])


@as_we_are
@pytest.mark.parametrize("index", [0, 1], ids=["postgres", "valkey"])
async def test_a_leftover_engine_is_stopped_before_the_next_start(user: User, index: int):
    """What a system without the kernel's help leaves: stopped parent, living engine."""
    with user.platform() as running:
        left = running.engines[index]
        # Frozen, it cannot act on the signal the kernel sends when the parent dies.
        left.send(signal.SIGSTOP)
        running.kill()
        assert left.is_alive()
    with user.platform() as running:
        assert not left.is_alive()
        await _write(running, 1)


@as_we_are
async def test_a_stale_pid_file_that_names_a_living_stranger_does_no_harm(user: User):
    with user.platform() as running:
        await _write(running, 1)
    data = user.folder / "postgres" / "data"
    stale = data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{data}\n1\n1\n\n\n\nready\n")
    with user.platform() as running:
        assert await _kept(running) == ([1], [1])


@every_user
async def test_nothing_is_open_to_other_users_of_the_machine(user: User):
    with user.platform() as running:
        postgres = psutil.Process(running.engines[0].pid)
        assert user.arguments == () or postgres.uids().effective != 0
        for part in user.folder.rglob("*"):
            if not part.is_symlink() and not part.is_socket():
                assert part.stat().st_mode & 0o077 == 0, part
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(running.dsn, password="guess")
        client = Redis.from_url(running.url.replace("redis://:", "redis://:wrong"))
        with pytest.raises(AuthenticationError):
            await client.ping()
        await client.aclose()
        for process in (psutil.Process(engine.pid) for engine in running.engines):
            command = " ".join(process.cmdline())
            for secret in (user.folder / "secrets").iterdir():
                assert secret.read_text() not in command
