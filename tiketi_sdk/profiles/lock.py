"""Keeps two processes from changing a profile's tokens at once; it reads none of them."""

import contextlib
import time
from collections.abc import Iterator
from typing import IO, Final

from tiketi_sdk.profiles.files import credentials_file, private_folder

try:
    import fcntl
except ImportError:  # Windows: two commands at once are not kept apart there
    fcntl = None  # type: ignore[assignment]

IS_LOCKING: Final = fcntl is not None
LOCK_WAIT_S_MAX: Final = 30.0
"""How long another process may take over its refresh before a login is written all the same."""
_LOCK_POLL_S: Final = 0.02


def try_lock(name: str) -> IO[bytes] | None:
    """The lock of a profile's tokens, given back by closing it; None while another has it."""
    path = credentials_file(name).with_suffix(".lock")
    private_folder(path.parent)
    lock = path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Nobody else changes a profile's tokens until the block ends, or `LOCK_WAIT_S_MAX` was not enough."""
    deadline_s = time.monotonic() + LOCK_WAIT_S_MAX
    lock = None
    while lock is None and time.monotonic() < deadline_s and IS_LOCKING:
        lock = try_lock(name)
        time.sleep(0.0 if lock else _LOCK_POLL_S)
    try:
        yield
    finally:
        if lock is not None:
            lock.close()
