"""The platform that acceptance tests play on: a process of its own, and the people and events in it.

It dies with the tests. Everything lies in a folder that disappears, on ports that were free.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
import psutil
from asyncpg import Connection, Record

from tests.engines import short_folder
from tests.ports import free_port
from tests.users import as_ordinary_user, environment, program
from tests.waiting import PATIENCE_S
from tiketi_platform.runtime.data_folder import ADMIN_EMAIL, DataFolder
from tiketi_platform.runtime.embedded import SANDBOX_PORTS, Mode, ready_urls
from tiketi_platform.runtime.engines.postgres import SUPERUSER_SECRET
from tiketi_platform.runtime.engines.postgres_settings import SUPERUSER
from tiketi_platform.runtime.engines.process import ProcessId, spawn, tail
from tiketi_platform.runtime.readiness import is_ready
from tiketi_platform.runtime.record import PlatformRecord
from tiketi_platform.runtime.registry import NAMES
from tiketi_sdk import AsyncTiketi, Config, Tiketi
from tiketi_sdk.contract.event import Event

PROGRAM = Path(__file__).with_name("platform_program.py")
OK = "toss_token_ok"
"""A card that pays."""
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
_POLL_S = 0.02

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running platform, and short ways to what a test needs of it."""

    path: Path
    """Its data folder."""
    ports: Mapping[str, int]
    sandbox_ports: Mapping[str, int]
    process: subprocess.Popen[bytes]
    admin: Tiketi
    """Logged in as the administrator."""

    @property
    def folder(self) -> DataFolder:
        """The data folder, for its owner."""
        return DataFolder(self.path)

    @property
    def config(self) -> Config:
        """For clients of one's own."""
        return config(self.ports)

    @property
    def record(self) -> PlatformRecord:
        """What the platform says about itself."""
        record = self.folder.read_record()
        assert record is not None
        return record

    @property
    def environ(self) -> dict[str, str]:
        """For a program that uses the platform: its addresses, and an administrator's token.

        `TIKETI_CONFIG_DIR` is left to the caller.
        """
        token = self.admin.credentials.token
        assert token is not None
        return {
            **environment(),
            **{f"TIKETI_URL_{name.upper()}": url for name, url in self.config.urls.items()},
            **{f"TIKETI_{n.upper()}_PORT": str(p) for n, p in self.sandbox_ports.items()},
            "TIKETI_TOKEN": token,
        }

    def url(self, service: str) -> str:
        """`http://host:port` of a service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def client(self, token: str | None = None) -> Tiketi:
        """A client over the administrator's connections; nobody without a token."""
        return self.admin.as_user(token)

    def asynchronous(self, token: str | None = None) -> AsyncTiketi:
        """A client with connections of its own; close it."""
        return AsyncTiketi(config=self.config, token=token)

    def visitor(self, name: str = "김민지") -> Tiketi:
        """A new customer, registered."""
        client = self.client()
        client.auth.register(
            email=f"visitor-{secrets.token_hex(6)}@example.com",
            password=secrets.token_urlsafe(12),
            name=name,
        )
        return client

    def visitors(self, count: int, *, points: int = 0) -> list[Tiketi]:
        """New customers made in one call, with so many points each."""
        prefix = f"v{secrets.token_hex(5)}"
        users = self.admin.auth.provision(prefix=prefix, count=count).items
        if points:
            self.admin.points.grant([u.user_id for u in users], amount=points, reference=prefix)
        return [self.client(user.token) for user in users]

    def concert(
        self, *, layout: str = "small_theater", capacity: int = 100, **changes: Any
    ) -> Event:
        """An event that is on sale, with seats and a waiting room."""
        now = datetime.now(UTC)
        said: dict[str, Any] = {
            "title": "가을밤 콘서트",
            "artist": "새벽밴드",
            "venue": "작은극장",
            "description": "앙코르 공연 🎤",
            "on_sale_at": now - timedelta(minutes=1),
            "sale_ends_at": now + timedelta(days=7),
            "starts_at": now + timedelta(days=8),
            **changes,
        }
        event = self.admin.events.create(**said)
        self.admin.seats.generate(event.id, layout=layout)
        self.admin.queue.set_policy(event.id, capacity=capacity, admit_per_second=1_000)
        return event

    def mails(self, email: str) -> list[dict[str, Any]]:
        """What the mailbox holds for an address, newest first."""
        url = f"http://127.0.0.1:{self.sandbox_ports['mailbox']}/api/messages?to={email}"
        with urllib.request.urlopen(url) as answer:
            messages: list[dict[str, Any]] = json.load(answer)["messages"]
        return messages

    def superuser_dsn(self, database: str = "tiketi") -> str:
        """The platform's PostgreSQL, as the one who may do everything."""
        password = self.folder.secret(SUPERUSER_SECRET)
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.record.ports['postgres']}/{database}"

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Connection[Record]]:
        """A connection of the superuser, who may break what the services may not."""
        connection = await asyncpg.connect(self.superuser_dsn())
        try:
            yield connection
        finally:
            await connection.close()

    def valkey_url(self) -> str:
        """The platform's Valkey."""
        password = self.folder.secret("valkey")
        return f"redis://:{password}@127.0.0.1:{self.record.ports['valkey']}/0"


def config(ports: Mapping[str, int]) -> Config:
    """Settings of a client for a platform on these ports of this machine."""
    return Config(urls={name: f"http://127.0.0.1:{ports[name]}" for name in NAMES})


def free_ports() -> tuple[dict[str, int], dict[str, int]]:
    """For the six services, and for the sandboxes."""
    return {n: free_port() for n in NAMES}, {n: free_port() for n in SANDBOX_PORTS}


def launch(
    folder: Path,
    ports: Mapping[str, int],
    sandbox_ports: Mapping[str, int],
    *,
    mode: Mode = "embedded",
    ordinary_user: bool = False,
    **environ: str,
) -> subprocess.Popen[bytes]:
    """Start the program; it gets SIGTERM when this thread ends. Its log is `folder.log` beside the folder."""
    argv = program(PROGRAM, str(folder), mode)
    return spawn(
        as_ordinary_user(argv) if ordinary_user else argv,
        log=log_of(folder),
        on_parent_death=signal.SIGTERM,
        env={
            **environment(),
            **{f"TIKETI_{n.upper()}_PORT": str(p) for n, p in {**ports, **sandbox_ports}.items()},
            **environ,
        },
    )


def log_of(folder: Path) -> Path:
    """What the platform over `folder` says."""
    return folder.with_name(folder.name + ".log")


def await_ready(folder: Path, ports: Mapping[str, int], process: subprocess.Popen[bytes]) -> None:
    """Return once all six answer; fails with the end of the log when it ends or takes too long."""
    started = time.monotonic()
    waiting = ready_urls(ports)
    while waiting := [url for url in waiting if not is_ready(url)]:
        assert process.poll() is None, f"it ended:\n{tail(log_of(folder))}"
        assert time.monotonic() - started < START_TIMEOUT_S, f"not ready:\n{tail(log_of(folder))}"
        time.sleep(_POLL_S)


@contextmanager
def running(
    path: Path | None = None,
    *,
    mode: Mode = "embedded",
    ordinary_user: bool = False,
    **environ: str,
) -> Iterator[Stage]:
    """A platform over `path` (or a folder that disappears) until the block ends; then nothing of it is left."""
    if path is None:
        with (
            short_folder() as made,
            running(made / "data", mode=mode, ordinary_user=ordinary_user, **environ) as stage,
        ):
            yield stage
        return
    ports, sandbox_ports = free_ports()
    process = launch(path, ports, sandbox_ports, mode=mode, ordinary_user=ordinary_user, **environ)
    family: list[psutil.Process] = []
    try:
        await_ready(path, ports, process)
        family = psutil.Process(process.pid).children(recursive=True)
        with administrator(path, ports) as admin:
            yield Stage(
                path=path,
                ports=ports,
                sandbox_ports=sandbox_ports,
                process=process,
                admin=admin,
            )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        finally:
            process.kill()
    assert process.returncode == 0, tail(log_of(path))
    assert not [member for member in family if member.is_running()]


@contextmanager
def administrator(folder: Path, ports: Mapping[str, int]) -> Iterator[Tiketi]:
    """A client logged in as the administrator of the platform over `folder`."""
    password = (folder / "secrets" / "admin-password").read_text()
    with Tiketi(config=config(ports)) as admin:
        admin.auth.login(email=ADMIN_EMAIL, password=password)
        yield admin


def patiently(ask: Callable[[], T | bool | None], *, timeout_s: float = PATIENCE_S) -> T:
    """What `ask` answered first that is true, for tests that block; fails when nothing is in time."""
    deadline_s = time.monotonic() + timeout_s
    while not (answer := ask()):
        assert time.monotonic() < deadline_s, "the answer did not come in time"
        time.sleep(_POLL_S)
    return cast("T", answer)


def descendants(pid: int) -> list[ProcessId]:
    """The process and all below it, as they are now."""
    members = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return [ProcessId(member.pid, member.create_time()) for member in members]


def is_root() -> bool:
    """Whether the tests run as root."""
    return os.geteuid() == 0
