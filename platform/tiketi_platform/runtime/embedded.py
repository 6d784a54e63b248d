"""`tiketi up`: engines, sandboxes and six services on this machine, from one data folder, until told to stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final, Literal, TextIO
from urllib.parse import urlsplit

from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.telemetry import configure_logging, log
from tiketi_platform.runtime.children import Child
from tiketi_platform.runtime.data_folder import ADMIN_EMAIL, DataFolder
from tiketi_platform.runtime.engines.ports import require_free
from tiketi_platform.runtime.engines.postgres import PostgresServer
from tiketi_platform.runtime.engines.process import ProcessId
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.runtime.record import PlatformRecord, State
from tiketi_platform.runtime.registry import NAMES, spec_of
from tiketi_platform.runtime.secret_files import SIGNING_SERVICES
from tiketi_platform.runtime.supervisor import Supervisor
from tiketi_platform.sandbox.ports import (
    GOOGLE_CLIENT_ID,
    GOOGLE_PORT,
    MAILBOX_PORT,
    SMTP_PORT,
    TOSS_PORT,
)

TOSS_SECRET: Final = "toss-secret-key"  # noqa: S105  # the secret's name, not the secret
GOOGLE_SECRET: Final = "google-client-secret"  # noqa: S105  # as above
SANDBOX_PORTS: Final = {
    "toss": TOSS_PORT,
    "smtp": SMTP_PORT,
    "mailbox": MAILBOX_PORT,
    "google": GOOGLE_PORT,
}
STORES_WAIT_S: Final = 15.0
"""Our engines answer before services start; this is for a child that starts while one restarts."""

Mode = Literal["embedded", "processes"]
Progress = Callable[[str], None]
"""Told the name of each step as it begins: `engines`, `database`, `sandboxes`, `services`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be said about an embedded platform; the environment says it for the command."""

    mode: Mode = "embedded"
    ports: Mapping[str, int] = field(default_factory=lambda: Settings().ports)
    sandbox_ports: Mapping[str, int] = field(default_factory=lambda: SANDBOX_PORTS)
    postgres_url: str | None = None
    """An owner's URL of a PostgreSQL of one's own; None starts ours."""
    redis_url: str | None = None
    """A Redis or Valkey of one's own; None starts ours."""
    google_client_id: str = ""
    """Of this platform at the real Google, whose secret is then in the data folder; else the sandbox's."""
    revision: str = "unknown"
    lease_ms: int | None = None

    @classmethod
    def from_environ(
        cls, *, mode: Mode = "embedded", environ: Mapping[str, str] | None = None
    ) -> "Options":
        """Ports from `TIKETI_<SERVICE>_PORT`, servers from `TIKETI_POSTGRES_URL` and `TIKETI_REDIS_URL`."""
        env = os.environ if environ is None else environ
        settings = Settings.from_environ(env)
        return cls(
            mode=mode,
            ports=settings.ports,
            sandbox_ports={
                name: int(env.get(f"TIKETI_{name.upper()}_PORT", port))
                for name, port in SANDBOX_PORTS.items()
            },
            postgres_url=env.get("TIKETI_POSTGRES_URL"),
            redis_url=env.get("TIKETI_REDIS_URL"),
            google_client_id=settings.google_client_id,
            revision=settings.revision,
            lease_ms=settings.lease_ms,
        )


class Platform:
    """A platform being started, run and stopped over one data folder, whose lock the caller holds."""

    def __init__(self, folder: DataFolder, options: Options, progress: Progress) -> None:
        self._folder = folder
        self._options = options
        self._progress = progress
        self._state: State = "starting"
        self._started_at_ms = time.time_ns() // 1_000_000
        self._engine_ports: dict[str, int] = {}
        self._supervisor = Supervisor(folder, on_change=self._write_record)
        self.stop = asyncio.Event()
        """Set it to end the platform."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Platform"]:
        """Everything up and answering, until the block ends; then nothing is left running."""
        options, folder = self._options, self._folder
        require_free({**options.ports, **options.sandbox_ports})
        async with AsyncExitStack() as stack:
            stack.callback(folder.remove_record)
            await stack.enter_async_context(self._supervisor)
            settings = await self._stores()
            if options.mode == "processes":
                await self._processes(settings)
            else:
                await self._embedded(settings, stack)
            self._become("ready")
            try:
                yield self
            finally:
                self._become("stopping")

    async def watch(self) -> None:
        """Keep engines and children running until `stop` is set; ChildError when one keeps dying."""
        await self._supervisor.run_until(self.stop)

    async def _stores(self) -> Settings:
        options, folder = self._options, self._folder
        self._progress("engines")
        postgres = PostgresServer(folder) if options.postgres_url is None else None
        valkey = ValkeyServer(folder) if options.redis_url is None else None
        engines = [engine for engine in (postgres, valkey) if engine is not None]
        # A second of imports hides behind the engines' start; children import for themselves.
        loading = asyncio.create_task(asyncio.to_thread(_load, self._options.mode))
        if engines:
            await self._supervisor.add_engines(*engines)
            self._engine_ports = {engine.name: engine.port for engine in engines}
        await loading
        self._progress("database")
        from tiketi_platform.adapters.postgres import bootstrap  # see _load

        owner_url = options.postgres_url or (postgres.superuser_dsn if postgres else "")
        database = urlsplit(options.postgres_url or "").path.lstrip("/") or "tiketi"
        await bootstrap.create_databases(
            owner_url,
            {service: folder.secret(f"{service}-database") for service in bootstrap.SERVICES},
            database=database,
            is_ours_alone=postgres is not None,
        )
        # Passwords stay in the secrets folder: a URL would carry them into every child's environment.
        return self._settings(
            database_url=postgres.nearest_url(database)
            if postgres
            else _without_user(owner_url, database),
            redis_url=valkey.nearest_url if valkey else options.redis_url or "",
        )

    def _settings(self, *, database_url: str, redis_url: str) -> Settings:
        folder, options = self._folder, self._options
        for name in SIGNING_SERVICES:
            folder.signing_key(name)
        services = (f"{service}-service" for service in NAMES)
        for name in (*services, "admin-password", TOSS_SECRET, GOOGLE_SECRET):
            folder.secret_file(name)
        toss, smtp = options.sandbox_ports["toss"], options.sandbox_ports["smtp"]
        mailbox = f"http://127.0.0.1:{options.sandbox_ports['mailbox']}"
        return Settings(
            database_url=database_url,
            redis_url=redis_url,
            secrets_dir=folder.path / "secrets",
            keys_dir=folder.path / "keys",
            ports=options.ports,
            sandbox=True,
            toss_url=f"http://127.0.0.1:{toss}",
            smtp_url=f"smtp://127.0.0.1:{smtp}",
            google_url=Settings().google_url
            if options.google_client_id
            else f"http://127.0.0.1:{options.sandbox_ports['google']}",
            google_client_id=options.google_client_id or GOOGLE_CLIENT_ID,
            push_url=mailbox,
            sms_url=mailbox,
            admin_email=ADMIN_EMAIL,
            stores_wait_s=STORES_WAIT_S,
            images_store=(folder.path / "images").resolve().as_uri(),
            revision=options.revision,
            lease_ms=options.lease_ms,
        )

    async def _embedded(self, settings: Settings, stack: AsyncExitStack) -> None:
        from tiketi_platform.runtime.single import running_services  # see _load
        from tiketi_platform.sandbox.run import running_sandboxes

        ports = self._options.sandbox_ports
        self._progress("sandboxes")
        await stack.enter_async_context(
            running_sandboxes(
                data_dir=self._sandbox_dir,
                toss_port=ports["toss"],
                smtp_port=ports["smtp"],
                mailbox_port=ports["mailbox"],
                google_port=ports["google"],
                webhook_url=_webhook_url(settings),
                toss_secret_key=self._folder.secret(TOSS_SECRET),
                google_client_secret=self._folder.secret(GOOGLE_SECRET),
            )
        )
        self._progress("services")
        await stack.enter_async_context(running_services(NAMES, settings))

    async def _processes(self, settings: Settings) -> None:
        ports = self._options.sandbox_ports
        self._progress("sandboxes")
        await self._supervisor.add_children([self._sandbox_child(settings, ports)])
        self._progress("services")
        await self._supervisor.add_children([_service_child(name, settings) for name in NAMES])

    @property
    def _sandbox_dir(self) -> Path:
        path = self._folder.path / "sandbox"
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def _sandbox_child(self, settings: Settings, ports: Mapping[str, int]) -> Child:
        arguments = [
            f"--data={self._sandbox_dir}",
            f"--webhook-url={_webhook_url(settings)}",
        ]
        arguments += [f"--{name}-port={port}" for name, port in ports.items()]
        arguments.append(f"--toss-secret-key-file={self._folder.secret_file(TOSS_SECRET)}")
        arguments.append(f"--google-client-secret-file={self._folder.secret_file(GOOGLE_SECRET)}")
        return Child(
            name="sandbox",
            argv=[sys.executable, "-m", "tiketi_platform.sandbox", *arguments],
            ready_url=f"http://127.0.0.1:{ports['mailbox']}/api/messages",
        )

    def _become(self, state: State) -> None:
        self._state = state
        self._write_record()

    def _write_record(self) -> None:
        parent = ProcessId.of(os.getpid())
        assert parent is not None, "this process is alive"
        self._folder.write_record(
            PlatformRecord(
                parent=parent,
                mode=self._options.mode,
                state=self._state,
                started_at_ms=self._started_at_ms,
                ports={**self._options.ports, **self._options.sandbox_ports, **self._engine_ports},
                processes=self._supervisor.processes,
            )
        )


def _without_user(url: str, database: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"/{database}").geturl()


async def run_platform(
    folder: DataFolder,
    options: Options,
    *,
    progress: Progress = lambda _step: None,
    on_ready: Callable[[], None] = lambda: None,
    log_stream: TextIO | None = None,
) -> None:
    """Run until SIGTERM or SIGINT, owning the folder; raises LaunchError when it cannot start or stay up.

    Its own log lines go to `log_stream`, to stderr unless given.
    """
    configure_logging(stream=log_stream)
    with folder.lock():
        platform = Platform(folder, options, progress)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, platform.stop.set)
        async with platform.running():
            on_ready()
            log.info("ready", extra={"folder": str(folder.path), "mode": options.mode})
            await platform.watch()


def _load(mode: Mode) -> None:
    """Import what the services need, so that importing them later costs nothing."""
    if mode == "embedded":
        for name in NAMES:
            spec_of(name)
        for module in ("tiketi_platform.runtime.single", "tiketi_platform.sandbox.run"):
            import_module(module)


def _service_child(name: str, settings: Settings) -> Child:
    return Child(
        name=name,
        argv=[sys.executable, "-m", "tiketi_platform", "--services", name],
        env=settings.to_environ(),
        ready_url=f"http://127.0.0.1:{settings.ports[name]}/health/ready",
    )


def _webhook_url(settings: Settings) -> str:
    return f"{settings.peer_url('payment')}/api/payments/webhook"


def ready_urls(ports: Mapping[str, int], names: Sequence[str] = NAMES) -> list[str]:
    """The addresses that answer 200 once the services may be used."""
    return [f"http://127.0.0.1:{ports[name]}/health/ready" for name in names]
