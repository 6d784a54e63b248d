"""Ports for servers that tests start; two processes on this machine are never given the same one.

They lie below the range from which the system takes ports for outgoing connections, and below the one from
which engines take theirs. Each process has a block of them to itself, for as long as it lives.
"""

from __future__ import annotations

import functools
import itertools
import os
import socket
import sys
from collections.abc import Iterator
from typing import Final

from tiketi_platform.runtime.engines.ports import is_free

_FIRST: Final = 10_000
_END: Final = 22_000
_BLOCK: Final = 200
_claims: list[socket.socket] = []


def free_port() -> int:
    """A port nobody listens on, and that no other test process will take; it comes round again late."""
    for port in itertools.islice(_ports(os.getpid()), _BLOCK):
        if is_free(port):
            return port
    raise AssertionError("this process holds all of its ports")


@functools.cache
def _ports(pid: int) -> Iterator[int]:
    blocks = range(_FIRST, _END, _BLOCK)
    ours = pid % len(blocks)
    for number in (*range(ours, len(blocks)), *range(ours)):
        if _claim(number):
            start = blocks[number]
            return itertools.cycle(range(start, start + _BLOCK))
    raise AssertionError("every block of ports is claimed")


def _claim(number: int) -> bool:
    """An abstract Unix socket is a name that only one process has and that goes with it."""
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0tiketi-test-ports-{number}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True
