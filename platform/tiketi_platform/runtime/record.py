"""What a running platform says about itself in `run/platform.json`: processes, ports, since when.

A record may outlive its platform; each process in it carries its creation time, so that a stale
record never makes anyone signal a process that merely got the same number later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tiketi_platform.runtime.engines.process import ProcessId
from tiketi_platform.runtime.errors import RecordError

RECORD_NAME: Final = "platform.json"

Mode = Literal["embedded", "processes"]
State = Literal["starting", "ready", "stopping"]


@dataclass(frozen=True, slots=True)
class PlatformRecord:
    """One running (or dead) platform."""

    parent: ProcessId
    """The process to signal: it stops the others in order."""
    mode: Mode
    """`embedded`: services inside the parent; `processes`: one process each."""
    state: State
    started_at_ms: int
    """Milliseconds since the epoch."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Name of a service, engine or sandbox → the port it listens on."""
    processes: Mapping[str, ProcessId] = field(default_factory=dict)
    """Name → child process, engines included."""

    def is_running(self) -> bool:
        """Whether the parent of this record lives."""
        return self.parent.is_alive()

    def to_json(self) -> dict[str, object]:
        """As plain values; the opposite of `from_json`."""
        return {
            "parent": _process_json(self.parent),
            "mode": self.mode,
            "state": self.state,
            "started_at_ms": self.started_at_ms,
            "ports": dict(self.ports),
            "processes": {name: _process_json(p) for name, p in self.processes.items()},
        }

    @classmethod
    def from_json(cls, text: str) -> PlatformRecord:
        """Read a record; raises `RecordError` if this is not one."""
        try:
            raw = json.loads(text)
            return cls(
                parent=_process(raw["parent"]),
                mode=raw["mode"],
                state=raw["state"],
                started_at_ms=int(raw["started_at_ms"]),
                ports={str(name): int(port) for name, port in raw["ports"].items()},
                processes={str(name): _process(p) for name, p in raw["processes"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordError(f"run/{RECORD_NAME} cannot be read: {error!r}") from error


def _process_json(process: ProcessId) -> dict[str, float]:
    return {"pid": process.pid, "created_s": process.created_s}


def _process(raw: Mapping[str, float]) -> ProcessId:
    return ProcessId(int(raw["pid"]), float(raw["created_s"]))
