"""Says whether a port of this machine is free, and which process holds it if not. Kills nothing."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil

from tiketi_platform.runtime.errors import PortTakenError

LOOPBACK: Final = "127.0.0.1"
_COMMAND_CHARACTERS_MAX: Final = 80
_FREE: Final = range(22_000, 32_000)
_TRIES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class PortHolder:
    """The process that listens on a port, as far as this user may see it."""

    pid: int
    name: str
    command: str
    """The command line, cut to a readable length; empty if it may not be read."""

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid}{', ' + self.command if self.command else ''})"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `host:port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            # As servers do: a port whose last connections are still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = LOOPBACK) -> int:
    """A port nobody listens on; another process may take it before you do.

    Outside of the range from which systems take ports for outgoing connections, while one is free there.
    """
    for _ in range(_TRIES_MAX):
        port = _FREE.start + secrets.randbelow(len(_FREE))
        if is_free(port, host):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def holder(port: int) -> PortHolder | None:
    """The process listening on `port`, or None if there is none or we may not know."""
    try:
        pids = [
            connection.pid
            for connection in psutil.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
            and connection.pid is not None
        ]
    except psutil.Error:
        # macOS shows the table of all users to root only.
        pids = _own_listeners(port)
    return _describe(pids[0]) if pids else None


def require_free(ports: Mapping[str, int], *, host: str = LOOPBACK) -> None:
    """Raise `PortTakenError` naming every port of `ports` (name → port) in use and its holder."""
    taken = [
        f"port {port} ({name}) is taken by {holder(port) or 'a process of another user'}"
        for name, port in ports.items()
        if not is_free(port, host)
    ]
    if taken:
        raise PortTakenError("; ".join(taken) + "; stop it or choose other ports")


def _own_listeners(port: int) -> list[int]:
    pids: list[int] = []
    for process in psutil.process_iter():
        try:
            connections = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
            pids.append(process.pid)
    return pids


def _describe(pid: int) -> PortHolder | None:
    try:
        process = psutil.Process(pid)
        name = process.name()
    except psutil.Error:
        return None
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:
        command = ""
    if len(command) > _COMMAND_CHARACTERS_MAX:
        command = command[: _COMMAND_CHARACTERS_MAX - 1] + "…"
    return PortHolder(pid, name, command)
