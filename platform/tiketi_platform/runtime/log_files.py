"""Keeps the logs of child processes bounded while they are written. Formats and parses nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

LOG_BYTES_MAX: Final = 16 * 1024 * 1024
"""A log grows to this size; the one before it is kept as `NAME.log.1`."""


def bound(log: Path, bytes_max: int = LOG_BYTES_MAX) -> bool:
    """Move the content of a log that is too large into `NAME.log.1`; whether it did.

    The file itself stays, because its writers append to it by descriptor; what they write during
    the copy may be lost.
    """
    try:
        if log.stat().st_size <= bytes_max:
            return False
    except FileNotFoundError:
        return False
    previous = log.with_name(f"{log.name}.1")
    shutil.copyfile(log, previous)
    previous.chmod(0o600)
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def bound_all(folder: Path, bytes_max: int = LOG_BYTES_MAX) -> None:
    """`bound` every log of a folder."""
    for log in folder.glob("*.log"):
        bound(log, bytes_max)
