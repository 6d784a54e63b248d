"""What a service is built from: its opened connections; `runtime/wiring.py` opens and closes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiketi_core.kernel.clock import Clock
    from tiketi_platform.adapters.peers.client import PeerClient
    from tiketi_platform.adapters.postgres.pool import Database
    from tiketi_platform.adapters.redis.client import RedisClient
    from tiketi_platform.adapters.redis.scripts import Scripts
    from tiketi_platform.framework.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """One service's connections. Asking for a store its spec does not name is our own mistake."""

    name: str
    settings: "Settings"
    clock: "Clock"
    peers: "PeerClient"
    opened_database: "Database | None" = None
    opened_redis: "RedisClient | None" = None
    opened_scripts: "Scripts | None" = None

    @property
    def database(self) -> "Database":
        """PostgreSQL, as this service's role, in this service's schema."""
        assert self.opened_database is not None, f"{self.name} names no schema in its spec"
        return self.opened_database

    @property
    def redis(self) -> "RedisClient":
        """The multiplexed Redis connection of this process."""
        assert self.opened_redis is not None, f"{self.name} does not say uses_redis in its spec"
        return self.opened_redis

    @property
    def scripts(self) -> "Scripts":
        """Our Lua scripts over `redis`."""
        assert self.opened_scripts is not None, f"{self.name} does not say uses_redis in its spec"
        return self.opened_scripts
