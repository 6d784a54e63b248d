"""How PostgreSQL is set up here: for two cores, a bounded number of connections and real money.

Nothing trades durability for speed: `fsync` and `synchronous_commit` stay on. `VOLATILE` exists
for tests that throw their data away.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

CONNECTIONS_MAX: Final = 120
"""Six services with a pool each, migrations, and a person with psql."""

SUPERUSER: Final = "postgres"

BASE: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": str(CONNECTIONS_MAX),
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    # One machine, no replica: the smallest log that still recovers.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Short statements on two cores: neither parallel plans nor a compiler pay for themselves.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_worker_processes": "4",
    "io_method": "sync",
    "idle_in_transaction_session_timeout": "30s",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # A refusal by a SQL function is an error to the server and an answer to us: thousands a second
    # in a stampede. Real errors reach our own log through the driver.
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
}

VOLATILE: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
"""Loses data when the machine stops, not when the process does: for tests only."""


def initdb_arguments(data: Path, password_file: Path, *, sync: bool) -> list[str]:
    """Arguments of initdb: UTF-8 sorted by code point, a password for every connection."""
    return [
        *("-D", str(data), "-U", SUPERUSER, "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"),
        # The secrets are 256 random bits, which no number of rounds makes harder to guess; fewer
        # rounds save milliseconds at every connection.
        *("--set", "scram_iterations=256"),
        *(() if sync else ("--no-sync",)),
    ]


def server_arguments(
    data: Path,
    port: int,
    socket_folder: Path | None,
    extra: Mapping[str, str],
) -> list[str]:
    """Arguments of the server; without a socket folder it listens on loopback only."""
    options = {
        **BASE,
        "port": str(port),
        "unix_socket_directories": "" if socket_folder is None else str(socket_folder),
        "unix_socket_permissions": "0700",
        **extra,
    }
    return ["-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
