"""Services of the platform for tests: over real HTTP on free ports, over the test's own engines.

async with running(postgres, valkey, tmp_path, "auth", "event") as platform:
    await platform.ask("POST", "auth", "/api/auth/login", json={...})
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import orjson

from tests.engines import Database
from tests.ports import free_port
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.spec import AnySpec
from tiketi_platform.framework.telemetry import log
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.runtime.registry import NAMES, spec_of
from tiketi_platform.runtime.wiring import opened_process, running_service

ADMIN_EMAIL = "admin@tiketi.test"
SIGNING = ("auth", "queue", "reservation")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """The JSON, None where there was none."""

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def fields(self) -> set[str]:
        """The refused fields of a problem."""
        return {error["field"] for error in self.body["errors"]}


@dataclass(frozen=True, slots=True)
class Running:
    """Services that answer, and a way to ask them as anybody."""

    settings: Settings
    http: aiohttp.ClientSession

    def url(self, service: str) -> str:
        return self.settings.peer_url(service)

    async def ask(
        self, method: str, service: str, path: str, *, token: str | None = None, **kwargs: Any
    ) -> Answer:
        """One request; `json=`, `data=`, `params=` and `headers=` as aiohttp takes them."""
        headers = dict(kwargs.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = self.url(service) + path
        async with self.http.request(method, url, headers=headers, **kwargs) as response:
            body = await response.read()
            return Answer(response.status, response.headers, orjson.loads(body) if body else None)

    def token(self, *, sub: str = "7", role: str = "user", ttl_s: int = 60) -> str:
        """An access token signed with the platform's own key, for whoever it may be."""
        now_s = SystemClock().now_ms() // 1000
        return Signer.from_file(self.settings.keys_dir / "auth.pem").sign(
            {"sub": sub, "role": role},
            audience=ACCESS_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + ttl_s,
        )

    @property
    def admin(self) -> str:
        """An administrator's token; the account behind it need not exist."""
        return self.token(sub="1", role="admin")


def settings_for(
    postgres: Database, valkey: ValkeyServer, folder: Path, **changes: Any
) -> Settings:
    """Settings over these engines with free ports, and the keys and secrets they need, below `folder`.

    The same folder gives the same keys and secrets again.
    """
    data = DataFolder(folder / "data")
    for name in SIGNING:
        data.signing_key(name)
    for name in (*(f"{service}-service" for service in NAMES), "admin-password"):
        data.secret_file(name)
    secrets = data.path / "secrets"
    for service, password in postgres.passwords.items():
        (secrets / f"{service}-database").write_text(password)
    (secrets / "valkey").write_text(unquote(urlsplit(valkey.url).password or ""))
    settings = Settings(
        database_url=postgres.server.nearest_url(postgres.name),
        redis_url=valkey.nearest_url,
        secrets_dir=secrets,
        keys_dir=data.path / "keys",
        ports={name: free_port() for name in NAMES},
        sandbox=True,
        admin_email=ADMIN_EMAIL,
        images_store=(data.path / "images").as_uri(),
        drain_s=1.0,
    )
    return replace(settings, **changes)


@asynccontextmanager
async def serving(settings: Settings, *services: str | AnySpec) -> AsyncIterator[Running]:
    """These services with these settings, by name or by a spec of the test's own, until the block ends."""
    async with AsyncExitStack() as stack:
        undeclared = stack.enter_context(_undeclared_refusals())
        process = await stack.enter_async_context(opened_process(settings))
        for service in services:
            spec = spec_of(service) if isinstance(service, str) else service
            await stack.enter_async_context(running_service(spec, process))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Running(settings, http)
        assert not undeclared, "a refusal its operation does not declare in the contract"


@contextmanager
def _undeclared_refusals() -> Iterator[list[str]]:
    """What a service could only answer with 500, because the contract would be lying otherwise."""
    seen: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "undeclared refusal":
                said = vars(record)
                seen.append(f"{said['operation']}: {said['code']}")

    listening = Listening()
    log.addHandler(listening)
    try:
        yield seen
    finally:
        log.removeHandler(listening)


@asynccontextmanager
async def running(
    postgres: Database,
    valkey: ValkeyServer,
    folder: Path,
    *services: str | AnySpec,
    **changes: Any,
) -> AsyncIterator[Running]:
    """Services over these engines; `changes` are settings. A service others verify by needs `auth` beside it."""
    async with serving(settings_for(postgres, valkey, folder, **changes), *services) as served:
        yield served
