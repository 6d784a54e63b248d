"""`python -m tiketi_platform database`: database, roles, schemas and migrations, before or beside the services.

Safe to run again at any time and from several places at once: what is there is left as it is. It needs
the server's owner, which no service does, and never drops anything.
"""

from typing import Final
from urllib.parse import urlsplit

from tiketi_platform.adapters.postgres.bootstrap import SERVICES, create_databases
from tiketi_platform.adapters.postgres.migrate import Phase, migrate
from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.telemetry import log
from tiketi_platform.runtime.patience import when_there
from tiketi_platform.runtime.wiring import database_url, with_user

MAINTENANCE_DATABASE: Final = "postgres"
"""Where the owner connects to make the platform's database."""
OWNER_SECRET: Final = "postgres"  # noqa: S105  # the secret's name, not the secret


async def prepare(settings: Settings, *, phase: Phase, is_ours_alone: bool) -> None:
    """Everything the services need in PostgreSQL; waits for the server as a service's start does.

    `is_ours_alone` also closes the server's other databases to the services. Raises StoreMissingError
    when the server does not come, MigrationError when the files contradict what is there.
    """
    place = urlsplit(settings.database_url)
    owner_url = with_user(
        place._replace(path=f"/{MAINTENANCE_DATABASE}").geturl(),
        settings.database_owner,
        settings.secret(OWNER_SECRET),
    )
    passwords = {service: settings.secret(f"{service}-database") for service in SERVICES}

    async def create() -> None:
        await create_databases(
            owner_url,
            passwords,
            database=place.path.lstrip("/"),
            is_ours_alone=is_ours_alone,
        )

    await when_there("postgres", create, wait_s=settings.stores_wait_s, on_missing=_unanswered)
    for service in SERVICES:
        applied = await migrate(database_url(settings, service), service, phase=phase)
        log.info("migrated", extra={"schema": service, "phase": phase, "applied": list(applied)})


async def _unanswered(_store: str) -> None:
    """Nobody asks this process for answers while it waits."""
